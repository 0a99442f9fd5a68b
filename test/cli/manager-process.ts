import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createControlServer } from '../../src/cli/control-server.ts';
import { reason } from '../../src/core/reason.ts';
import { createLogger } from '../../src/logger.ts';
import { makeAlerting } from '../world/alerting.ts';
import { fakeControl, fakeHistory, fakeReload } from './fake-control.ts';
import { fakePanels } from './fake-panels.ts';

/*
 * A process that holds a control socket as the manager does: `manager-process.ts <socket> [well|fail|never]`. Says "listening"
 * or "refused <code>" on stdout.
 */
const [path = '', how] = process.argv.slice(2);
const control = fakeControl({
  ...(how === 'fail' ? { act: async () => ({ ok: false, took: 300, reason: reason('control-busy') }) } : {}),
  ...(how === 'never' ? { act: neverEnding } : {}),
  logs: ['one', 'two', '\u001b[2Jthree\tcolumns'],
});
const { alerting, problem, over } = makeAlerting({ clock: Date.now });
problem('redis', { level: 'warning' });
over('redis');
problem('shop_bot', { level: 'critical' });
const log = createLogger({ level: 'silent', format: 'json' });
const doors = { control, alerting, reload: fakeReload, history: fakeHistory, panels: fakePanels, clock: Date.now };
const server = createControlServer({ path, ...doors, log });
try {
  await server.listen();
  process.stdout.write('listening\n');
} catch (error) {
  process.stdout.write(`refused ${error instanceof Error ? error.message : ''}\n`);
}

/** Says by a file `acting` beside the socket that the action has begun. */
function neverEnding(): Promise<never> {
  writeFileSync(join(dirname(path), 'acting'), '');
  return new Promise(() => {});
}
