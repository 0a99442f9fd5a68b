/** What the parts of bench/delivery.ts share. */
import type { Transport } from '../../src/outbox/transport.ts';
import type { TelegramWorld } from '../../test/world/telegram/server.ts';

export const token = '1000000001:test-token-of-the-simulated-telegram';

export const soon = () => new Promise((resolve) => setImmediate(resolve));

/** Any time will do for a simulated clock. */
export const START = 1_700_000_000_000;

/** Prints a figure as soon as it is known. */
export function line(name: string, value: string): void {
  console.log(`${name.padEnd(66)} ${value}`);
}

/** Three people and a group. */
export function people(telegram: TelegramWorld) {
  const users = [11, 12, 13].map((id) => telegram.user({ id, first_name: `U${id}`, language_code: 'en' }));
  for (const user of users) user.start();
  const group = telegram.group({ id: -1001, title: 'Ops', members: users });
  return { users, chats: [...users.map(({ id }) => String(id)), String(group.id)] };
}

export const tooMany = (telegram: TelegramWorld) => telegram.calls.filter(({ status }) => status === 429).length;

export const callsTo = (telegram: TelegramWorld, method: string, chat: string) =>
  telegram.callsOf(method).filter((call) => call.status === 200 && String(call.params.chat_id) === chat);

/** A transport that takes everything, and counts. */
export function sink() {
  const count = { sends: 0, sounding: 0, edits: 0 };
  let id = 0;
  const transport: Transport = {
    async send(_to, message) {
      id += 1;
      count.sends += 1;
      if (!message.silent) count.sounding += 1;
      return { outcome: 'sent', messageId: id };
    },
    async edit(_to, messageId) {
      count.edits += 1;
      return { outcome: 'sent', messageId };
    },
  };
  return { count, transport };
}
