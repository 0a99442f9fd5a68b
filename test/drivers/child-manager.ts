/** A manager of one service, to be killed: `child-manager.ts <options as JSON>`. Prints the pid once it runs. */
import { createProcessDriver } from '../../src/drivers/process.ts';

const driver = createProcessDriver({ ...JSON.parse(process.argv[2] ?? '{}'), clock: Date.now });
driver.onChange((observation) => {
  if (observation.state === 'exited') driver.start().catch(() => {});
});
const result = await driver.start();
process.stdout.write(`${result.ok ? result.run.pid : JSON.stringify(result)}\n`);
setInterval(() => {}, 1000);
