import { openStore } from '../../src/store/database.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { line, START, sink, soon } from './world.ts';

/** A service that goes up and down for a day on a simulated clock, as quickly as they do and as slowly. */
export async function flapping(): Promise<void> {
  for (const every of [20, 150, 600, 1200, 3600]) await day(every, `24 h up and down, a change every ${every} s`);
}

async function day(every: number, name: string): Promise<void> {
  const time = { now: START };
  const { count, transport } = sink();
  const store = openStore(':memory:');
  const { ledger, outbox, down, up } = makeParts({ store, transport, chats: ['11'], clock: () => time.now });
  const end = time.now + 24 * 3600_000;
  let changes = 0;
  for (let second = 0; time.now < end; second += 1, time.now += 1000) {
    if (second % every === 0) {
      changes += 1;
      if (changes % 2 === 1) down('bot');
      else up('bot');
    }
    ledger.tick();
    if (second % 5 === 0) outbox.kick();
    await soon();
  }
  line(name, `${changes} changes: ${count.sends} messages (${count.sounding} sounding), ${count.edits} edits`);
  await outbox.stop(0);
}
