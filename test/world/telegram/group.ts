import type { Account } from './account.ts';
import type { CallbackAnswer } from './callbacks.ts';
import {
  announces,
  newChat,
  type Pressed,
  presses,
  pressesData,
  type SendOptions,
  type WorldUser,
  writes,
} from './people.ts';
import type { BotStatus, ChatState, ChatType } from './types.ts';
import { chatJson, type ShownMessage, show } from './view.ts';

export interface GroupOptions {
  /** Below -1000000000000: a supergroup; otherwise a basic group. */
  readonly id: number;
  readonly title: string;
  readonly members: readonly WorldUser[];
  /** Makes it a forum (supergroups only). */
  readonly topics?: readonly { readonly id: number; readonly name: string }[];
  /** Default: member. */
  readonly botStatus?: BotStatus;
}

/** A group with the bot in it. */
export class WorldGroup {
  readonly id: number;
  readonly #account: Account;
  readonly #chat: ChatState;
  readonly #members: readonly WorldUser[];

  constructor(account: Account, options: GroupOptions) {
    const { id, title, members, topics = [], botStatus = 'member' } = options;
    if (id >= 0) throw new Error(`The id of a group is negative, not ${id}`);
    const type: ChatType = id < -1_000_000_000_000 ? 'supergroup' : 'group';
    if (topics.length > 0 && type === 'group') throw new Error('Only a supergroup can have topics');
    this.id = id;
    this.#account = account;
    this.#members = members;
    this.#chat = newChat(id, type, title, new Map(topics.map((topic) => [topic.id, topic.name])));
    this.#chat.botStatus = botStatus;
    for (const member of members) this.#chat.members.add(member.id);
    account.chats.set(id, this.#chat);
  }

  /** `who` need not be a member any more: Telegram lets those who left go on pressing what they still see. */
  sends(who: WorldUser, text: string, options: SendOptions = {}): ShownMessage {
    if (!this.#chat.members.has(who.id)) throw new Error(`User ${who.id} is not in group ${this.id}`);
    return writes(this.#account, this.#chat, who.person, text, options);
  }

  taps(who: WorldUser, pressed: Pressed, button: string | RegExp): Promise<CallbackAnswer | null> {
    return presses(this.#account, this.#chat, who.person, pressed, button);
  }

  /** A press with made-up data. */
  forges(who: WorldUser, messageId: number, data: string): Promise<CallbackAnswer | null> {
    return pressesData(this.#account, this.#chat, who.person, messageId, data);
  }

  messages(): readonly ShownMessage[] {
    return [...this.#chat.messages.values()].map((message) => show(this.#account, this.#chat, message));
  }

  /** The bot's newest message. */
  last(): ShownMessage | null {
    return this.messages().findLast((message) => message.fromBot) ?? null;
  }

  /** Makes the bot administrator or plain member, throws it out, or takes it back; it gets a my_chat_member. */
  setBot(by: WorldUser, status: BotStatus): void {
    const before = this.#chat.botStatus;
    if (before === status) return;
    this.#chat.botStatus = status;
    const { bot } = this.#account;
    this.#account.updates.push('my_chat_member', {
      chat: chatJson(this.#chat),
      from: by.person,
      date: this.#account.seconds(),
      old_chat_member: { user: bot, status: before },
      new_chat_member: { user: bot, status },
    });
  }

  /** Becomes a supergroup under a new id, which is returned; both chats get their service message. */
  migrate(): WorldGroup {
    if (this.#chat.type !== 'group') throw new Error('Only a basic group can become a supergroup');
    const [owner] = this.#members;
    if (!owner) throw new Error('A group needs a member to become a supergroup');
    const to = new WorldGroup(this.#account, {
      id: -1_000_000_000_000 + this.id - 1_500_000_000,
      title: this.#chat.title,
      members: this.#members,
      botStatus: this.#chat.botStatus,
    });
    announces(this.#account, this.#chat, owner.person, { migrate_to_chat_id: to.id });
    announces(this.#account, to.#chat, owner.person, { migrate_from_chat_id: this.id });
    this.#chat.migratedTo = to.id;
    return to;
  }
}
