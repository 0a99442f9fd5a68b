import { openStore } from '../../src/store/database.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { line, START, sink, soon } from './world.ts';

/** Transitions on a simulated clock, what is old is forgotten as in life, only sooner. */
export async function memory(transitions: number): Promise<void> {
  const time = { now: START };
  const { transport } = sink();
  const store = openStore(':memory:');
  const { ledger, outbox, table, incidents, down, up } = makeParts({
    store,
    transport,
    chats: ['11'],
    clock: () => time.now,
  });
  const tenth = Math.floor(transitions / 10);
  const start = Date.now();
  for (let i = 1; i <= transitions; i += 1) {
    const name = `svc-${Math.floor(i / 2) % 500}`;
    if (i % 2 === 1) down(name);
    else up(name);
    if (i % 10 === 0) {
      time.now += 1000;
      ledger.tick();
      await soon();
    }
    if (i % 10_000 === 0) {
      table.prune(time.now - 600_000);
      incidents.prune(time.now - 600_000);
    }
    if (i % tenth === 0) {
      globalThis.gc?.();
      line(`after ${i} transitions`, `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB resident`);
    }
  }
  const perSecond = Math.round((transitions / (Date.now() - start)) * 1000);
  line('transitions a second', String(perSecond));
  await outbox.stop(0);
}
