import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, Transport } from '../../src/outbox/transport.ts';
import { openStore } from '../../src/store/database.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { judge, type Shown } from './told.ts';
import { START, soon } from './world.ts';

/** Steps of a life, each an opening, an acknowledgement or a resolution, and time to tell of it. */
const MOST_STEPS = 12;

/**
 * A manager that ends at the worst of moments, on a simulated clock and a store on disk: in the middle of a call that
 * arrived, of one that did not, or between two. What the dead one would have done later never happens.
 */
export async function crashes(times: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  const time = { now: START };
  const clock = () => time.now;
  const messages: (Shown & { text: string })[] = [];
  const sent: string[] = [];
  const never = new Promise<Delivery>(() => undefined);
  let died = { before: 0, after: 0, between: 0 };

  /** A chat that takes everything; `death` decides at each call whether the manager lives to hear of it. */
  function chat(death: () => 'before' | 'after' | null): Transport {
    const call = async (work: () => number): Promise<Delivery> => {
      const how = death();
      if (how === 'before') return never;
      const messageId = work();
      await soon();
      return how === 'after' ? never : { outcome: 'sent', messageId };
    };
    return {
      send: (_to, { text, replyTo }) =>
        call(() => {
          sent.push(text);
          return messages.push({ id: messages.length + 1, text, replyTo });
        }),
      edit: (_to, id, { text }) =>
        call(() => {
          const message = messages[id - 1];
          if (message !== undefined) message.text = text;
          return id;
        }),
    };
  }

  async function live(life: string, dies: boolean): Promise<void> {
    const store = openStore(folder);
    const ends = Math.floor(Math.random() * MOST_STEPS);
    // Until the next manager is there.
    time.now += 60_000;
    let dead = false;
    let step = 0;
    const death = () => {
      if (dead) return 'before';
      if (!dies || step < ends || Math.random() < 0.3) return null;
      dead = true;
      return Math.random() < 0.5 ? 'before' : 'after';
    };
    const transport = chat(() => {
      const how = death();
      if (how !== null) died = { ...died, [how]: died[how] + 1 };
      return how;
    });
    // A reminder is no repetition.
    const rules = { repeat_every: 0, escalate_after: 0 };
    const parts = makeParts({ store, transport, chats: ['11'], clock, rules });
    const pass = async () => {
      time.now += 1500;
      parts.ledger.tick();
      parts.outbox.kick();
      for (let turn = 0; turn < 20 && !dead; turn += 1) await soon();
    };
    for (; step <= (dies ? ends : 0) && !dead; step += 1) {
      parts.down(`${life}x${step}e`);
      const open = parts.ledger.open();
      const one = open[Math.floor(Math.random() * open.length)];
      if (one !== undefined && Math.random() < 0.3) parts.ledger.acknowledge([one.id], 'Vera');
      if (one !== undefined && Math.random() < 0.6) parts.up(one.service);
      await pass();
    }
    if (!dies) {
      for (const { service } of parts.ledger.open().slice(5)) parts.up(service);
      while (parts.table.waiting().waiting > 0) await pass();
      const all = [...parts.incidents.open(), ...parts.incidents.past(time.now + 1, 1_000_000)];
      const { before, after, between } = died;
      judge(`${times} crashes (${before} before a call arrived, ${after} after, ${between} else)`, all, {
        ...{ messages, sent },
        copy: (id) => parts.table.copy(id, '11')?.message,
      });
    } else if (!dead) died = { ...died, between: died.between + 1 };
    // Whatever was under way has no way back to the store.
    dead = true;
    await parts.outbox.stop(0);
    store.close();
  }

  for (let i = 0; i < times; i += 1) await live(`c${i}`, true);
  await live('last', false);
  rmSync(folder, { recursive: true });
}
