import type { Incident } from '../core/incident.ts';
import type { Reason } from '../core/reason.ts';

/** A button under a notice. `data` is the transport's own callback data (at most 64 bytes for Telegram). */
export interface Button {
  readonly text: string;
  readonly data: string;
}

/** What a chat should see: `text` in Telegram's HTML, any length; the transport splits it at a sensible place. */
export interface Message {
  readonly text: string;
  readonly buttons: readonly (readonly Button[])[];
  /** Delivered without a sound. */
  readonly silent: boolean;
  /** The message it answers; ignored when that one is gone. */
  readonly replyTo: number | null;
  /** A picture (PNG) to go with the text, drawn when it is sent; null: there is none. Not everybody can show it. */
  readonly picture?: () => Promise<Uint8Array | null>;
  /** What it tells of, for those who want data instead of text. */
  readonly about?: readonly Incident[];
  /** The same for each try of one delivery, in hexadecimal: a receiver can know a repetition by it. */
  readonly key?: string;
}

/** Where a message goes: a Telegram chat id as a string, and a forum topic in it. */
export interface Destination {
  readonly chat: string;
  readonly topic: number | null;
}

/** What became of one delivery; the retry decision travels with it. */
export type Delivery =
  | { readonly outcome: 'sent'; readonly messageId: number }
  /**
   * Try again, not before `at` (epoch ms). `uncertain`: it may have arrived (the answer was lost).
   * `scope`: whether only this chat has to wait or the whole transport (away, global flood limit).
   */
  | {
      readonly outcome: 'retry';
      readonly at: number;
      readonly uncertain: boolean;
      readonly scope: 'chat' | 'all';
      readonly cause: Reason;
    }
  /** Never accepted as it is, also not as plain text: a dead letter. */
  | { readonly outcome: 'refused'; readonly cause: Reason }
  /** The recipient blocked us, or never opened the chat: this chat only, until it writes to us. */
  | { readonly outcome: 'recipient-gone'; readonly cause: Reason }
  /** The group lives under another id now. */
  | { readonly outcome: 'moved'; readonly chat: string }
  /** An edit whose message is gone: send anew. */
  | { readonly outcome: 'message-gone' };

/** A way to a chat. Neither call rejects for what can be expected; each has a deadline of its own. */
export interface Transport {
  send(to: Destination, message: Message): Promise<Delivery>;
  edit(to: Destination, messageId: number, message: Message): Promise<Delivery>;
}
