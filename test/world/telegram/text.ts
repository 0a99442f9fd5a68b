import { z } from 'zod';
import { badRequest } from './api-error.ts';
import { parseHtml, sortEntities } from './html.ts';
import type { Params } from './params.ts';
import type { Entity, FormattedText } from './types.ts';

/** After parsing, in code points. */
export const maxText = 4096;
export const maxCaption = 1024;
/** Before parsing, in bytes. */
const maxSource = 32_768;
/** The server keeps the first hundred and drops the rest without a word. */
const maxEntities = 100;

/** What the limits are counted in. */
export function codePoints(text: string): number {
  return [...text].length;
}

/** `text` under its parse mode or with its own entities; not trimmed, its parsed length not yet checked. */
export function parseText(source: string, parseMode: string, entities: unknown): FormattedText {
  if (Buffer.byteLength(source) > maxSource) throw badRequest('Text is too long');
  const mode = parseMode.toLowerCase();
  if (source !== '' && mode !== '' && mode !== 'none') {
    // Markdown is a mode of the real server too; the product does not use it, so using it is a slip worth a refusal.
    if (mode !== 'html') throw badRequest('Unsupported parse_mode');
    return parseHtml(source);
  }
  return { text: source, entities: Array.isArray(entities) ? givenEntities(source, entities) : [] };
}

/** The argument `name` with its parse mode and its entities argument. */
export function formattedParam(params: Params, name: 'text' | 'caption'): FormattedText {
  const entitiesName = name === 'text' ? 'entities' : 'caption_entities';
  return parseText(params.text(name), params.text('parse_mode'), tryJson(params.text(entitiesName)));
}

/** Entities that are not JSON are ignored by the server, not refused. */
function tryJson(value: string): unknown {
  if (value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const entityShape = z.object({
  type: z.string(),
  offset: z.int(),
  length: z.int(),
  url: z.string().optional(),
  language: z.string().optional(),
  custom_emoji_id: z.string().optional(),
  unix_time: z.int().optional(),
  date_time_format: z.string().optional(),
});

const ownTypes = new Set(
  'bold italic underline strikethrough spoiler blockquote expandable_blockquote code pre text_link custom_emoji date_time'.split(
    ' ',
  ),
);
/** Found by the server itself; given ones are passed over. */
const foundTypes = new Set('mention hashtag cashtag bot_command url email phone_number bank_card_number'.split(' '));

function givenEntities(text: string, raw: readonly unknown[]): readonly Entity[] {
  const kept: Entity[] = [];
  for (const item of raw) {
    const parsed = entityShape.safeParse(item);
    if (!parsed.success) throw badRequest("Can't parse MessageEntity: expected an Object");
    const { type, offset, length, ...rest } = parsed.data;
    if (foundTypes.has(type)) continue;
    if (!ownTypes.has(type)) throw badRequest("Can't parse MessageEntity: Unsupported type specified");
    checkRange(text, offset, length);
    const extras = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    if (length > 0) kept.push({ type, offset, length, ...extras });
  }
  return sortEntities(kept);
}

function checkRange(text: string, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset > text.length) {
    throw badRequest(`Entity begins after the end of the text at UTF-16 offset ${offset}`);
  }
  if (splitsPair(text, offset))
    throw badRequest(`Entity begins in a middle of a UTF-16 symbol at UTF-16 offset ${offset}`);
  const end = offset + length;
  if (end > text.length) {
    throw badRequest(
      `Entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${end}`,
    );
  }
  if (splitsPair(text, end)) {
    throw badRequest(
      `Entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at UTF-16 offset ${end}`,
    );
  }
}

function splitsPair(text: string, at: number): boolean {
  return /^[\uDC00-\uDFFF]/.test(text.slice(at)) && /[\uD800-\uDBFF]$/.test(text.slice(0, at));
}

/** What the server does to a text before it is sent: trims it, finds links and commands, keeps a hundred entities. */
export function finishText(parsed: FormattedText): FormattedText {
  const clean = parsed.text.replace(/\r/g, '');
  const source = clean.length === parsed.text.length ? parsed.entities : withoutReturns(parsed);
  const end = clean.replace(/[ \n]+$/, '').length;
  const firstEntity = source[0]?.offset ?? end;
  const spaces = /^[ \n]*/.exec(clean)?.[0].length ?? 0;
  const start = Math.min(spaces, firstEntity, end);
  const text = clean.slice(start, end);
  const kept = source
    .map((entity) => {
      const from = Math.max(0, entity.offset - start);
      const to = Math.min(text.length, entity.offset + entity.length - start);
      return { ...entity, offset: from, length: to - from };
    })
    .filter((entity) => entity.length > 0);
  return { text, entities: sortEntities([...kept, ...findEntities(text, kept)]).slice(0, maxEntities) };
}

function withoutReturns(parsed: FormattedText): readonly Entity[] {
  const shift = (at: number): number => parsed.text.slice(0, at).replace(/\r/g, '').length;
  return parsed.entities.map((entity) => {
    const offset = shift(entity.offset);
    return { ...entity, offset, length: shift(entity.offset + entity.length) - offset };
  });
}

const finders: readonly { type: string; pattern: RegExp }[] = [
  { type: 'url', pattern: /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g },
  { type: 'bot_command', pattern: /(?<![\w/<>.:-])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/])/g },
  { type: 'mention', pattern: /(?<!\w)@[A-Za-z]\w{2,31}\b/g },
  { type: 'hashtag', pattern: /(?<![\w#])#[\p{L}\d_]*\p{L}[\p{L}\d_]*/gu },
];

/** Commands, links, mentions and hashtags outside code and links that are already there. */
export function findEntities(text: string, taken: readonly Entity[]): readonly Entity[] {
  const blocked = taken.filter((entity) => ['code', 'pre', 'text_link'].includes(entity.type));
  const found: Entity[] = [];
  for (const { type, pattern } of finders) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (![...blocked, ...found].some((other) => overlaps(entity, other))) found.push(entity);
    }
  }
  return found;
}

function overlaps(a: Entity, b: Entity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
