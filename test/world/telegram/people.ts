import type { Account } from './account.ts';
import type { CallbackAnswer } from './callbacks.ts';
import { findEntities } from './text.ts';
import type { BotCommand, Button, ChatState, ChatType, Person, StoredMessage } from './types.ts';
import { chatJson, messageJson, type ShownMessage, show } from './view.ts';

export interface UserOptions {
  readonly id: number;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

export interface SendOptions {
  /** A message of the same chat. */
  readonly replyTo?: number;
  readonly topic?: number;
}

/** The message with the button, by id or as it was once shown. */
export type Pressed = number | ShownMessage;

/** A fresh chat; private ones wait for their person. */
export function newChat(id: number, type: ChatType, title: string, topics: ReadonlyMap<number, string>): ChatState {
  return {
    id,
    type,
    title,
    person: null,
    started: false,
    blocked: false,
    deactivated: false,
    botStatus: 'member',
    migratedTo: null,
    members: new Set(),
    forum: topics.size > 0,
    topics,
    messages: new Map(),
    pinned: [],
  };
}

/** Puts a person's message into a chat and, if the bot may see it, into its queue. */
export function writes(
  account: Account,
  chat: ChatState,
  from: Person,
  text: string,
  options: SendOptions = {},
): ShownMessage {
  const message = keep(account, chat, from, text, options, null);
  if (botSees(account, chat, message)) account.updates.push('message', messageJson(chat, message));
  return show(account, chat, message);
}

/** A service message ("the group was upgraded"), which the bot always sees. */
export function announces(account: Account, chat: ChatState, from: Person, service: StoredMessage['service']): void {
  const message = keep(account, chat, from, '', {}, service);
  account.updates.push('message', messageJson(chat, message));
}

function keep(
  account: Account,
  chat: ChatState,
  from: Person,
  text: string,
  options: SendOptions,
  service: StoredMessage['service'],
): StoredMessage {
  const message: StoredMessage = {
    id: account.nextMessageId(chat),
    chatId: chat.id,
    from,
    date: account.seconds(),
    editDate: null,
    edits: 0,
    revision: 0,
    content: { text, entities: findEntities(text, []) },
    file: null,
    keyboard: null,
    markup: null,
    replyTo: options.replyTo ?? null,
    topic: options.topic ?? null,
    silent: false,
    protectedContent: false,
    linkPreview: null,
    service,
  };
  chat.messages.set(message.id, message);
  account.changed(message, 'sent');
  return message;
}

/** Privacy mode, which is on by default: in groups only commands, replies to the bot and mentions of it. */
function botSees(account: Account, chat: ChatState, message: StoredMessage): boolean {
  if (chat.type === 'private' || chat.botStatus === 'administrator') return true;
  if (chat.botStatus !== 'member') return false;
  const repliesToBot = chat.messages.get(message.replyTo ?? 0)?.from.id === account.bot.id;
  const name = `@${account.bot.username}`;
  const { text } = message.content;
  const command = /^\/\w+(@\w+)?/.exec(text);
  if (command) return command[1] === undefined || command[1] === name;
  return repliesToBot || text.includes(name);
}

/** Presses a button as it stands on the message now; the answer is null when nobody answered in time. */
export function presses(
  account: Account,
  chat: ChatState,
  from: Person,
  pressed: Pressed,
  button: string | RegExp,
): Promise<CallbackAnswer | null> {
  const id = typeof pressed === 'number' ? pressed : pressed.id;
  const message = chat.messages.get(id);
  if (!message) throw new Error(`There is no message ${id} in chat ${chat.id} to press a button on`);
  return pressesData(account, chat, from, id, dataOf(message.keyboard ?? [], button, message.content.text));
}

/** The callback data behind a button of `keyboard`. */
export function dataOf(keyboard: readonly (readonly Button[])[], wanted: string | RegExp, text: string): string {
  const buttons = keyboard.flat();
  const found = buttons.find(({ text: label }) => (typeof wanted === 'string' ? label === wanted : wanted.test(label)));
  if (found?.callback_data !== undefined) return found.callback_data;
  const labels = buttons.map((button) => `[${button.text}]`).join(' ') || 'no buttons';
  throw new Error(`No button ${String(wanted)} to press under "${text}": ${labels}`);
}

/** A press with any data, as a client made for mischief can send it, on any message, a deleted one too. */
export function pressesData(
  account: Account,
  chat: ChatState,
  from: Person,
  messageId: number,
  data: string,
): Promise<CallbackAnswer | null> {
  const { id, answer } = account.callbacks.open();
  const message = chat.messages.get(messageId);
  account.updates.push('callback_query', {
    id,
    from,
    message: message ? messageJson(chat, message) : { chat: chatJson(chat), message_id: messageId, date: 0 },
    chat_instance: String(BigInt(chat.id) * -7_919n),
    data,
  });
  return answer;
}

/** A Telegram user at the other end of a private chat with the bot. */
export class WorldUser {
  readonly id: number;
  readonly #account: Account;
  readonly #chat: ChatState;

  constructor(account: Account, options: UserOptions) {
    const { id, first_name = `User ${options.id}`, language_code = 'en', ...rest } = options;
    this.id = id;
    this.#account = account;
    const existing = account.chats.get(id);
    this.#chat = existing ?? newChat(id, 'private', first_name, new Map());
    account.chats.set(id, this.#chat);
    if (!existing) this.#become({ id, is_bot: false, first_name, language_code, ...rest });
  }

  get person(): Person {
    const person = this.#chat.person;
    if (!person) throw new Error(`User ${this.id} has no person`);
    return person;
  }

  /** Presses Start (which also unblocks). `payload` is what a deep link carries. */
  start(payload = ''): ShownMessage {
    if (this.#chat.blocked) this.unblocks();
    return this.sends(payload === '' ? '/start' : `/start ${payload}`);
  }

  sends(text: string, options: SendOptions = {}): ShownMessage {
    if (this.#chat.blocked) throw new Error(`User ${this.id} blocked the bot and cannot write to it`);
    this.#chat.started = true;
    return writes(this.#account, this.#chat, this.person, text, options);
  }

  /** Presses an inline button by its text; see {@link presses}. Does nothing but wait for the bot's answer. */
  taps(pressed: Pressed, button: string | RegExp): Promise<CallbackAnswer | null> {
    return presses(this.#account, this.#chat, this.person, pressed, button);
  }

  /** Presses a button that stood on `seen` when it was shown, whatever has become of the message since. */
  tapsStale(seen: ShownMessage, button: string | RegExp): Promise<CallbackAnswer | null> {
    return this.forges(seen.id, dataOf(seen.keyboard, button, seen.text));
  }

  /** A press with made-up data: clients can send what they like. */
  forges(messageId: number, data: string): Promise<CallbackAnswer | null> {
    return pressesData(this.#account, this.#chat, this.person, messageId, data);
  }

  /** The private chat as shown now, oldest first, the user's own messages among them. */
  messages(): readonly ShownMessage[] {
    return [...this.#chat.messages.values()].map((message) => show(this.#account, this.#chat, message));
  }

  /** The bot's newest message. */
  last(): ShownMessage | null {
    return this.messages().findLast((message) => message.fromBot) ?? null;
  }

  /** What the client's Menu button lists. */
  commands(): readonly BotCommand[] {
    return this.#account.commands.shownTo(this.id, this.id, this.person.language_code ?? '');
  }

  blocks(): void {
    if (this.#chat.blocked) return;
    this.#chat.blocked = true;
    this.#tellStatus('member', 'kicked');
  }

  unblocks(): void {
    if (!this.#chat.blocked) return;
    this.#chat.blocked = false;
    this.#tellStatus('kicked', 'member');
  }

  /** Deletes the account: what is sent there is refused from now on. */
  deletesAccount(): void {
    this.#chat.deactivated = true;
  }

  /** Changes the language of the user's client; the next update carries it. */
  speaks(languageCode: string): void {
    this.#become({ ...this.person, language_code: languageCode });
  }

  #become(person: Person): void {
    this.#chat.person = person;
    this.#account.people.set(person.id, person);
    this.#account.tell({ kind: 'person', userId: person.id });
  }

  #tellStatus(before: string, after: string): void {
    const { bot } = this.#account;
    this.#account.updates.push('my_chat_member', {
      chat: chatJson(this.#chat),
      from: this.person,
      date: this.#account.seconds(),
      old_chat_member: { user: bot, status: before, ...(before === 'kicked' ? { until_date: 0 } : {}) },
      new_chat_member: { user: bot, status: after, ...(after === 'kicked' ? { until_date: 0 } : {}) },
    });
  }
}
