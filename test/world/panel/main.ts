/**
 * The simulated panel as a process of its own, for the demo: `node --import tsx main.ts --port 8000 --control 8001`.
 * `POST /do/<fault>/<node>` on the control port breaks a node (`none` mends it).
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { type NodeFault, startPanel } from './server.ts';

const { values } = parseArgs({ options: { port: { type: 'string' }, control: { type: 'string' } } });

/** Megabytes a second, down; a tenth of it up. */
const nodes = [
  { name: 'DE-Frankfurt', mb: 7, users: 140 },
  { name: 'FI-Helsinki', mb: 5, users: 90 },
  { name: 'NL-Amsterdam', mb: 3, users: 61 },
  { name: 'SE-Stockholm', mb: 1, users: 24 },
].map(({ name, mb, users }, index) => ({ name, users, port: 62_050 + 10 * index, down: mb * 1e6, up: mb * 1e5 }));

const panel = await startPanel({
  ...{ port: Number(values.port), clock: Date.now, realCost: true },
  ...{ nodes, users: 900, online: 315 },
});

// A month of traffic, so that there is something to compare.
const hour = 3_600_000;
for (const node of panel.engine.nodes)
  for (let back = 1; back <= 30 * 24; back += 1) {
    const at = Math.floor(Date.now() / hour - back) * hour;
    // Evenings are busier than mornings.
    const tide = 0.6 + 0.4 * Math.sin(((at / hour) % 24) * (Math.PI / 12) - 2);
    node.usage.set(at, { up: node.up * 3600 * tide, down: node.down * 3600 * tide });
  }

const faults: readonly NodeFault[] = ['none', 'killed', 'frozen', 'xray-broken'];

const control = createServer((request, response) => {
  const [, , fault, name] = (request.url ?? '').split('/');
  const wanted = faults.find((each) => each === fault);
  const chosen = panel.engine.nodes.filter((node) => name === 'all' || node.name === name);
  panel.engine.run(Date.now());
  if (wanted !== undefined) for (const node of chosen) node.break(wanted, Date.now());
  response.writeHead(wanted === undefined || chosen.length === 0 ? 404 : 200).end();
});
control.listen(Number(values.control), '127.0.0.1');

console.log(`the panel answers at ${panel.baseUrl}`);
process.on('SIGTERM', () => process.exit(0));
