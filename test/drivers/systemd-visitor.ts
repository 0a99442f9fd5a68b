/**
 * The life of a unit in the hands of a manager of its own: seen, started, killed, started again, stopped; the answers as
 * JSON. Run by a test among systemd's own processes.
 */
import { createSystemdDriver } from '../../src/drivers/systemd.ts';
import { eventually, listen } from './playground.ts';

const [unit = '', socket = '', ...kind] = process.argv.slice(2);
const driver = createSystemdDriver({
  name: unit,
  unit,
  user: kind.includes('user'),
  stop_timeout: 5000,
  takeover: false,
  clock: Date.now,
  reach: { endpoints: [{ path: socket, direct: kind.includes('direct') }], journal: ['journalctl'] },
});
const told = listen(driver);
const seen = await driver.inspect();
const started = await driver.start();
if (started.ok && started.run.pid !== null && seen.state === 'absent') {
  if (kind.includes('user')) await eventually('its output', async () => (await driver.logs(20)).includes('mine'));
  process.kill(started.run.pid, 'SIGKILL');
  await eventually('told of the end', () => told.find((each) => each.state === 'exited'));
  await driver.start();
}
const stopped = await driver.stop();
await driver.close();
process.stdout.write(JSON.stringify({ seen, started, told, stopped }));
