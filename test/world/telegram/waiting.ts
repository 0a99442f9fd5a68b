import type { Account } from './account.ts';
import type { ShownMessage } from './view.ts';
import { show } from './view.ts';

export interface WaitOptions {
  /** Default: 20 s: a busy machine is no failure, and what comes is not waited for any longer. */
  readonly timeoutMs?: number;
  /** For the error when it does not come. */
  readonly what?: string;
}

export interface MessageWaitOptions extends WaitOptions {
  /** Only what was sent or changed after this revision (`world.revision`, or that of a message). */
  readonly since?: number;
}

export type MessageTest = RegExp | string | ((message: ShownMessage) => boolean);

/** Resolves with the first truthy value of `probe`, asked now and after each event. Rejects when time is up. */
export function waitFor<T>(
  account: Account,
  probe: () => T | null | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 20_000, what = 'it' } = options;
  // Made here for a stack that shows who waited.
  const late = new Error(`Waited ${timeoutMs} ms in vain for ${what}`);
  return new Promise((resolve, reject) => {
    const stop = account.listen(() => look());
    const timer = setTimeout(() => {
      stop();
      late.message += `\n${describe(account)}`;
      reject(late);
    }, timeoutMs);
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      stop();
      finish();
    };
    const look = (): void => {
      try {
        const value = probe();
        if (value) end(() => resolve(value));
      } catch (error) {
        end(() => reject(error));
      }
    };
    look();
  });
}

/** The newest message of the bot in `chatId` that fits, as soon as there is one; edits count. */
export function waitForMessage(
  account: Account,
  chatId: number,
  test: MessageTest,
  options: MessageWaitOptions = {},
): Promise<ShownMessage> {
  const { since = -1 } = options;
  return waitFor(account, () => findMessage(account, chatId, test, since), {
    what: `a message like ${String(test)} in chat ${chatId}`,
    ...options,
  });
}

function findMessage(account: Account, chatId: number, test: MessageTest, since: number): ShownMessage | null {
  const chat = account.chats.get(chatId);
  if (!chat) return null;
  const fresh = [...chat.messages.values()].filter((message) => message.from.is_bot && message.revision > since);
  fresh.sort((a, b) => b.revision - a.revision);
  for (const message of fresh) {
    const shown = show(account, chat, message);
    if (fits(shown, test)) return shown;
  }
  return null;
}

function fits(message: ShownMessage, test: MessageTest): boolean {
  if (typeof test === 'string') return message.text.includes(test);
  if (test instanceof RegExp) return new RegExp(test.source, test.flags.replace('g', '')).test(message.text);
  return test(message);
}

/** The last messages of each chat, for the reader of a failed test. */
function describe(account: Account): string {
  const lines: string[] = [];
  for (const chat of account.chats.values()) {
    lines.push(`chat ${chat.id}:`);
    for (const message of [...chat.messages.values()].slice(-6)) {
      const { id, fromBot, text, buttons, edits } = show(account, chat, message);
      const keys = buttons.map((row) => row.map((label) => `[${label}]`).join(' ')).join(' / ');
      lines.push(
        `  #${id} ${fromBot ? 'bot' : 'user'}${edits > 0 ? ` (edited ${edits})` : ''}: ${JSON.stringify(text)} ${keys}`,
      );
    }
  }
  return lines.join('\n');
}
