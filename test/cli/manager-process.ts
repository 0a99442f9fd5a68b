import { createControlServer } from '../../src/cli/control-server.ts';
import { reason } from '../../src/core/reason.ts';
import { createLogger } from '../../src/logger.ts';
import { fakeControl } from './fake-control.ts';

/*
 * A process that holds a control socket as the manager does: `manager-process.ts <socket> [fail|never]`. Says "listening"
 * or "refused <code>" on stdout.
 */
const [path = '', how] = process.argv.slice(2);
const control = fakeControl({
  ...(how === 'fail' ? { act: async () => ({ ok: false, took: 300, reason: reason('control-busy') }) } : {}),
  ...(how === 'never' ? { act: () => new Promise(() => {}) } : {}),
});
const server = createControlServer({ path, control, log: createLogger({ level: 'silent', format: 'json' }) });
try {
  await server.listen();
  process.stdout.write('listening\n');
} catch (error) {
  process.stdout.write(`refused ${error instanceof Error ? error.message : ''}\n`);
}
