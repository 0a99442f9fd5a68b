import { z } from 'zod';
import { ApiError, badRequest } from './api-error.ts';
import type { Params } from './params.ts';
import type { Button, Keyboard, Markup } from './types.ts';

/** Bytes of UTF-8. */
const maxCallbackData = 64;
/** Not documented: what the real server was seen to take (100 buttons; about 10 kB of keyboard). */
const maxButtons = 100;
const maxMarkupBytes = 10_240;

const anyObject = z.record(z.string(), z.unknown());
const styles = new Set(['primary', 'success', 'danger', '']);

/** The `reply_markup` argument; null where there is none (or none that shows). */
export function markupParam(params: Params): Markup | null {
  const raw = params.json('reply_markup', 'reply keyboard markup');
  if (raw === undefined) return null;
  const object = anyObject.safeParse(raw);
  if (!object.success) throw badRequest('Object expected as reply markup');
  const { inline_keyboard: inline, keyboard, remove_keyboard: removes, force_reply: forces } = object.data;
  if (keyboard !== undefined && !isRows(keyboard)) throw badRequest('Field "keyboard" must be an Array of Arrays');
  if (inline !== undefined && !isRows(inline)) {
    throw badRequest('Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays');
  }
  if (isRows(keyboard) && keyboard.length > 0) return { kind: 'other', raw: object.data };
  if (isRows(inline) && inline.length > 0) {
    const rows = readRows(inline);
    return rows.length === 0 ? null : { kind: 'inline', rows };
  }
  return removes === true || forces === true ? { kind: 'other', raw: object.data } : null;
}

/** The keyboard of an edit: only an inline one may stand there. */
export function inlineMarkupParam(params: Params): Keyboard | null {
  const markup = markupParam(params);
  if (markup?.kind === 'other') throw badRequest('inline keyboard expected');
  return markup?.rows ?? null;
}

function isRows(value: unknown): value is unknown[][] {
  return Array.isArray(value) && value.every((row) => Array.isArray(row));
}

/** What only the far side of Telegram checks, after the chat and the text were found in order. */
export function checkKeyboard(rows: Keyboard): void {
  const buttons = rows.flat();
  for (const button of buttons) checkButton(button);
  if (buttons.length > maxButtons || Buffer.byteLength(JSON.stringify(rows)) > maxMarkupBytes) {
    throw badRequest('reply markup is too long');
  }
}

function readRows(raw: readonly (readonly unknown[])[]): Keyboard {
  const rows = raw.map((row) => row.map(readButton));
  // Buttons without a text, and rows without a button, are left out without a word.
  return rows.map((row) => row.filter((button) => button.text !== '')).filter((row) => row.length > 0);
}

function readButton(raw: unknown): Button {
  const refuse = (why: string): ApiError => badRequest(`Can't parse inline keyboard button: ${why}`);
  const object = anyObject.safeParse(raw);
  if (!object.success) throw refuse('InlineKeyboardButton must be an Object');
  const button = object.data;
  const text = button.text;
  if (text === undefined) throw refuse('Can\'t find field "text"');
  if (typeof text !== 'string') throw refuse('Field "text" must be of type String');
  if (!styles.has(String(button.style ?? ''))) throw refuse('Invalid button style specified');
  const otherKinds = ['callback_game', 'pay', 'switch_inline_query', 'switch_inline_query_chosen_chat'];
  otherKinds.push('switch_inline_query_current_chat', 'login_url', 'web_app', 'copy_text');
  const hasKind = button.url || button.callback_data || otherKinds.some((kind) => kind in button);
  if (!hasKind) throw refuse('Text buttons are unallowed in the inline keyboard');
  return { ...button, text };
}

function checkButton(button: Button): void {
  const { callback_data: data, url, copy_text: copy } = button;
  if (url) {
    checkUrl(url);
    return;
  }
  if (data !== undefined && Buffer.byteLength(data) > maxCallbackData) {
    throw new ApiError(400, 'Bad Request: BUTTON_DATA_INVALID');
  }
  if (copy && (copy.text.length === 0 || [...copy.text].length > 256)) {
    throw new ApiError(400, 'Bad Request: BUTTON_COPY_TEXT_INVALID');
  }
}

function checkUrl(url: string): void {
  const refuse = (why: string): ApiError => badRequest(`Inline keyboard button URL '${url}' is invalid: ${why}`);
  if (/^(tg|ton):/i.test(url)) return;
  if (/^[a-z][a-z0-9+.-]*:/i.test(url) && !/^https?:/i.test(url) && !/^[^/]+:\d+/.test(url)) {
    throw refuse('Unsupported URL protocol');
  }
  const full = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  // "localhost" and bare names are refused by the real server too.
  if (!URL.canParse(full) || !new URL(full).hostname.includes('.')) throw refuse('Wrong HTTP URL');
}
