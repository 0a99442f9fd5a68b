import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createControlServer } from '../../src/cli/control-server.ts';
import { createStoreAnswers } from '../../src/cli/store-protocol.ts';
import { reason } from '../../src/core/reason.ts';
import type { ActionResult, Needs } from '../../src/core/snapshot.ts';
import { createLogger } from '../../src/logger.ts';
import { makeAlerting } from '../world/alerting.ts';
import { noStores } from '../world/stores.ts';
import { fakeControl, fakeHistory, fakeReload, fakeTop } from './fake-control.ts';
import { fakePanels } from './fake-panels.ts';

/*
 * A process that holds a control socket as the manager does: `manager-process.ts <socket> [well|fail|needy|never]`. Says "listening"
 * or "refused <code>" on stdout.
 */
const [path = '', how] = process.argv.slice(2);
const control = fakeControl({
  ...(how === 'fail' ? { act: async () => ({ ok: false, took: 300, reason: reason('control-busy') }) } : {}),
  ...(how === 'needy' ? { act: needy } : {}),
  ...(how === 'never' ? { act: neverEnding } : {}),
  logs: ['one', 'two', '\u001b[2Jthree\tcolumns'],
});
const { alerting, problem, over } = makeAlerting({ clock: Date.now });
problem('redis', { level: 'warning' });
over('redis');
problem('shop_bot', { level: 'critical' });
const log = createLogger({ level: 'silent', format: 'json' });
const doors = {
  control,
  alerting,
  reload: fakeReload,
  history: fakeHistory,
  panels: fakePanels,
  clock: Date.now,
  stores: createStoreAnswers(noStores),
  top: fakeTop,
};
const server = createControlServer({ path, ...doors, log });
try {
  await server.listen();
  process.stdout.write('listening\n');
} catch (error) {
  process.stdout.write(`refused ${error instanceof Error ? error.message : ''}\n`);
}

/** Something that the service needs is down, and the answer depends on what is to become of that. */
async function needy(needs: Needs): Promise<ActionResult> {
  if (needs === 'ask') return { ok: false, took: 0, reason: reason('needs-down', { names: 'PostgreSQL', count: 1 }) };
  return { ok: true, took: 1_250, note: reason('unknown-service', { name: needs }) };
}

/** Says by a file `acting` beside the socket that the action has begun. */
function neverEnding(): Promise<never> {
  writeFileSync(join(dirname(path), 'acting'), '');
  return new Promise(() => {});
}
