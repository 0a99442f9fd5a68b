/** One look at a container through a socket; the answer as JSON. Run by a test as another user. */
import { createDockerDriver } from '../../src/drivers/docker.ts';

const [container = '', socket = ''] = process.argv.slice(2);
const driver = createDockerDriver({
  name: container,
  container,
  compose_project: null,
  compose_service: null,
  socket,
  stop_timeout: 5000,
  takeover: false,
  clock: Date.now,
});
const seen = await driver.inspect();
await driver.close();
process.stdout.write(JSON.stringify(seen));
