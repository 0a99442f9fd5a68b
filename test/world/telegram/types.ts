/** The shapes of the Bot API that the simulator speaks, and the records it keeps behind them. */

export interface Person {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

/** Offsets and lengths in UTF-16 units, as on the wire. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly custom_emoji_id?: string;
  readonly unix_time?: number;
  readonly date_time_format?: string;
}

export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

/** Exactly one of the optional kinds is set, `style` and `icon_custom_emoji_id` aside. */
export interface Button {
  readonly text: string;
  readonly callback_data?: string;
  readonly url?: string;
  readonly style?: string;
  readonly copy_text?: { readonly text: string };
  readonly [other: string]: unknown;
}

export type Keyboard = readonly (readonly Button[])[];

/** `inline` hangs on the message; `other` (reply keyboard, removal, forced reply) belongs to the chat. */
export type Markup =
  | { readonly kind: 'inline'; readonly rows: Keyboard }
  | { readonly kind: 'other'; readonly raw: Readonly<Record<string, unknown>> };

export interface StoredFile {
  readonly id: string;
  readonly uniqueId: string;
  readonly kind: 'photo' | 'document';
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

export interface StoredMessage {
  readonly id: number;
  readonly chatId: number;
  readonly from: Person;
  /** Seconds, as on the wire. */
  readonly date: number;
  editDate: number | null;
  edits: number;
  /** Grows with every change anywhere in the world: "what changed since" is one comparison. */
  revision: number;
  /** The text, or the caption where there is a file. */
  content: FormattedText;
  file: StoredFile | null;
  keyboard: Keyboard | null;
  readonly replyTo: number | null;
  readonly topic: number | null;
  readonly silent: boolean;
  readonly protectedContent: boolean;
  linkPreview: Readonly<Record<string, unknown>> | null;
  readonly markup: Readonly<Record<string, unknown>> | null;
  /** Fields of a service message ("migrate_to_chat_id" and the like). */
  readonly service: Readonly<Record<string, unknown>> | null;
}

export type ChatType = 'private' | 'group' | 'supergroup';
export type BotStatus = 'member' | 'administrator' | 'kicked' | 'left';

export interface ChatState {
  readonly id: number;
  readonly type: ChatType;
  readonly title: string;
  /** The other side of a private chat. */
  person: Person | null;
  /** Private: the user wrote to the bot at least once. */
  started: boolean;
  blocked: boolean;
  deactivated: boolean;
  /** Groups: where the bot stands. */
  botStatus: BotStatus;
  migratedTo: number | null;
  readonly members: Set<number>;
  readonly forum: boolean;
  readonly topics: ReadonlyMap<number, string>;
  readonly messages: Map<number, StoredMessage>;
  /** Newest last. */
  pinned: number[];
}

export interface BotCommand {
  readonly command: string;
  readonly description: string;
}
