import { type Api, InputFile } from 'grammy';
import type { InlineKeyboardMarkup } from 'grammy/types';
import { reason } from '../core/reason.ts';
import type { Delivery, Destination, Message, Transport } from '../outbox/transport.ts';
import { classify, type Failure, reasonOf } from './errors.ts';
import { cutHtml, plainText, splitHtml } from './split.ts';

/** Waits (ms) after a failure that concerns all chats; doubles from the first to the last while it goes on. */
const firstWait = 1_000;
const longestWait = 10_000;
/** Telegram's limit for the text of a picture, code points. */
export const maxCaption = 1024;
/** A refused token does not become valid soon. */
const unauthorizedWait = 60_000;

/**
 * The way to Telegram's chats. Each call has the deadline of `api` and is never repeated here, except without what
 * Telegram took exception to: as plain text, without buttons, outside a topic that is gone. An alert that looks plain
 * beats one that is lost.
 */
export function createTransport(options: {
  readonly api: Api;
  readonly clock: () => number;
  onUnauthorized(): void;
}): Transport {
  const { api, clock, onUnauthorized } = options;
  let failures = 0;

  const settle = (failure: Failure, messageId: number | null): Delivery => {
    const cause = reasonOf(failure);
    switch (failure.kind) {
      case 'flood':
        return { outcome: 'retry', at: clock() + failure.after * 1000, uncertain: false, scope: 'chat', cause };
      case 'server':
        return { outcome: 'retry', at: clock() + wait(), uncertain: true, scope: 'all', cause };
      case 'network':
        return { outcome: 'retry', at: clock() + wait(), uncertain: failure.arrived, scope: 'all', cause };
      case 'unauthorized':
        onUnauthorized();
        return { outcome: 'retry', at: clock() + unauthorizedWait, uncertain: false, scope: 'all', cause };
      case 'recipient-gone':
        return { outcome: 'recipient-gone', cause };
      case 'moved':
        return { outcome: 'moved', chat: failure.chat };
      case 'not-modified':
        return messageId === null ? { outcome: 'refused', cause } : { outcome: 'sent', messageId };
      case 'message-gone':
        return messageId === null ? { outcome: 'refused', cause } : { outcome: 'message-gone' };
      default:
        return { outcome: 'refused', cause };
    }
  };
  const wait = () => Math.min(longestWait, firstWait * 2 ** Math.min(10, failures++));

  /** Runs one call; on a complaint about its form once more in a plainer one. */
  const call = async (
    messageId: number | null,
    form: Form,
    make: (form: Form) => Promise<number>,
  ): Promise<Delivery> => {
    try {
      const sent = await make(form);
      failures = 0;
      return { outcome: 'sent', messageId: sent };
    } catch (error) {
      const failure = classify(error);
      if (failure === null) throw error;
      const plainer = plainerForm(form, failure);
      return plainer === null ? settle(failure, messageId) : await call(messageId, plainer, make);
    }
  };

  async function sendText(to: Destination, message: Message): Promise<Delivery> {
    const parts = splitHtml(message.text);
    let last: Delivery = { outcome: 'refused', cause: reason('telegram-empty') };
    for (const [index, text] of parts.entries()) {
      const form: Form = {
        text,
        html: true,
        topic: to.topic,
        keyboard: index === parts.length - 1 ? keyboardOf(message) : null,
      };
      last = await call(null, form, async (form) => {
        const sent = await api.sendMessage(to.chat, form.text, {
          ...shown(form),
          disable_notification: message.silent,
          ...(form.topic !== null && { message_thread_id: form.topic }),
          ...(index === 0 &&
            message.replyTo !== null && {
              reply_parameters: { message_id: message.replyTo, allow_sending_without_reply: true },
            }),
        });
        return sent.message_id;
      });
      // Parts before this one have arrived; a repetition sends them again.
      if (last.outcome === 'retry' && index > 0) return { ...last, uncertain: true };
      if (last.outcome !== 'sent') return last;
    }
    return last;
  }

  function sendPhoto(to: Destination, message: Message, photo: Uint8Array): Promise<Delivery> {
    const form: Form = { text: message.text, html: true, topic: to.topic, keyboard: keyboardOf(message) };
    return call(null, form, async (form) => {
      const { link_preview_options: _, ...how } = shown(form);
      const sent = await api.sendPhoto(to.chat, new InputFile(photo, 'picture.png'), {
        ...how,
        ...(form.text !== '' && { caption: form.text }),
        disable_notification: message.silent,
        ...(form.topic !== null && { message_thread_id: form.topic }),
      });
      return sent.message_id;
    });
  }

  return {
    async send(to: Destination, message: Message): Promise<Delivery> {
      const photo = await pictureOf(message);
      if (photo === null) return await sendText(to, message);
      const fits = splitHtml(message.text, maxCaption).length === 1;
      const sent = fits ? await sendPhoto(to, message, photo) : await sendText(to, message);
      // What Telegram does not take as a picture is told without one.
      if (fits) return sent.outcome === 'refused' ? await sendText(to, message) : sent;
      // The text is what counts; it is not sent again for the sake of the picture.
      if (sent.outcome === 'sent') await sendPhoto(to, { ...message, text: '', silent: true }, photo);
      return sent;
    },

    async edit(to: Destination, messageId: number, message: Message): Promise<Delivery> {
      // One message cannot become two.
      const text = cutHtml(message.text);
      if (text === '') return { outcome: 'refused', cause: reason('telegram-empty') };
      const form: Form = { text, html: true, topic: null, keyboard: keyboardOf(message) };
      return await call(messageId, form, async (form) => {
        await api.editMessageText(to.chat, messageId, form.text, shown(form));
        return messageId;
      });
    },
  };
}

/** Null: it has none, or it could not be drawn; the text goes without it then. */
async function pictureOf({ picture }: Message): Promise<Uint8Array | null> {
  try {
    return (await picture?.()) ?? null;
  } catch {
    return null;
  }
}

/** In which form a message is tried. */
interface Form {
  readonly text: string;
  readonly html: boolean;
  readonly keyboard: InlineKeyboardMarkup | null;
  readonly topic: number | null;
}

/** The form without what Telegram complained about; null: nothing left to leave out. */
function plainerForm(form: Form, failure: Failure): Form | null {
  if (failure.kind === 'bad-html' && form.html) return { ...form, text: plainText(form.text), html: false };
  if (failure.kind === 'bad-buttons' && form.keyboard !== null) return { ...form, keyboard: null };
  if (failure.kind === 'topic-gone' && form.topic !== null) return { ...form, topic: null };
  return null;
}

function shown(form: Form) {
  return {
    ...(form.html && { parse_mode: 'HTML' as const }),
    ...(form.keyboard !== null && { reply_markup: form.keyboard }),
    link_preview_options: { is_disabled: true },
  };
}

function keyboardOf({ buttons }: Message): InlineKeyboardMarkup | null {
  if (buttons.length === 0) return null;
  return { inline_keyboard: buttons.map((row) => row.map(({ text, data }) => ({ text, callback_data: data }))) };
}
