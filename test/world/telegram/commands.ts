import { z } from 'zod';
import { badRequest } from './api-error.ts';
import type { Params } from './params.ts';
import type { BotCommand } from './types.ts';

export interface CommandScope {
  readonly type: string;
  /** Not yet looked up: an id or a name. */
  readonly chat: string;
  readonly userId: number;
}

const maxCommands = 100;
const scopeShape = z.object({
  type: z.string(),
  chat_id: z.union([z.string(), z.number()]).optional(),
  user_id: z.number().optional(),
});
const commandShape = z.object({ command: z.string(), description: z.string() });
const plainScopes = new Set(['default', 'all_private_chats', 'all_group_chats', 'all_chat_administrators']);
const chatScopes = new Set(['chat', 'chat_administrators', 'chat_member']);

/** The `scope` argument, checked but for the chat itself. */
export function scopeParam(params: Params): CommandScope {
  const raw = params.json('scope', 'BotCommandScope');
  if (raw === undefined) return { type: 'default', chat: '', userId: 0 };
  const refuse = (why: string): Error => badRequest(`Can't parse BotCommandScope: ${why}`);
  const parsed = scopeShape.safeParse(raw);
  if (!parsed.success) throw refuse('BotCommandScope must be an Object');
  const { type, chat_id: chat = '', user_id: userId = 0 } = parsed.data;
  if (plainScopes.has(type)) return { type, chat: '', userId: 0 };
  if (!chatScopes.has(type)) throw refuse('Unsupported type specified');
  if (chat === '') throw refuse('Empty chat_id specified');
  if (type === 'chat_member' && userId <= 0) throw refuse('Invalid user_id specified');
  return { type, chat: String(chat), userId: type === 'chat_member' ? userId : 0 };
}

/** The `commands` argument under td's rules (BotCommand.cpp). */
export function commandsParam(params: Params): readonly BotCommand[] {
  const raw = params.json('commands', 'commands') ?? [];
  if (!Array.isArray(raw)) throw badRequest('Expected an Array of BotCommand');
  const commands = raw.map((item: unknown) => {
    const parsed = commandShape.safeParse(item);
    if (!parsed.success) throw badRequest("Can't parse BotCommand: expected an Object");
    return checkCommand(parsed.data);
  });
  if (commands.length > maxCommands) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  return commands;
}

function checkCommand(given: BotCommand): BotCommand {
  const command = given.command.trim().replace(/^\//, '');
  const description = given.description.trim();
  if (command === '') throw badRequest('Command must be non-empty');
  if ([...command].length > 32) throw badRequest('Command length must not exceed 32');
  if (description === '') throw badRequest('Command description must be non-empty');
  if ([...description].length > 256) throw badRequest('Command description length must not exceed 256');
  if (!/^[a-z0-9_]+$/.test(command)) throw badRequest('BOT_COMMAND_INVALID');
  return { command, description };
}

/** The bot's command lists by scope and language. */
export class Commands {
  readonly #lists = new Map<string, readonly BotCommand[]>();

  set(scope: CommandScope, chatId: number, language: string, commands: readonly BotCommand[]): void {
    if (language !== '' && !/^[a-z]{2}$/.test(language)) throw badRequest('Invalid language code specified');
    const key = keyOf(scope.type, chatId, scope.userId, language);
    if (commands.length === 0) this.#lists.delete(key);
    else this.#lists.set(key, commands);
  }

  /** Exactly this list, as getMyCommands tells. */
  get(scope: CommandScope, chatId: number, language: string): readonly BotCommand[] {
    return this.#lists.get(keyOf(scope.type, chatId, scope.userId, language)) ?? [];
  }

  /** What the client of a user shows in a chat: the narrowest scope that has a list, its language before none. */
  shownTo(userId: number, chatId: number, language: string): readonly BotCommand[] {
    const scopes: [string, number, number][] =
      chatId > 0
        ? [
            ['chat', chatId, 0],
            ['all_private_chats', 0, 0],
            ['default', 0, 0],
          ]
        : [
            ['chat_member', chatId, userId],
            ['chat', chatId, 0],
            ['all_group_chats', 0, 0],
            ['default', 0, 0],
          ];
    for (const [type, chat, user] of scopes) {
      for (const code of [language, '']) {
        const list = this.#lists.get(keyOf(type, chat, user, code));
        if (list) return list;
      }
    }
    return [];
  }
}

function keyOf(type: string, chatId: number, userId: number, language: string): string {
  return [type, chatId, userId, language].join(' ');
}
