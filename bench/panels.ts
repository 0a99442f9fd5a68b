/**
 * Panels, over real HTTP to simulated ones: what watching costs, how often is logged in, how soon a dead node is told, and
 * what is not told. First the built manager in real time, then everything else in simulated time.
 * `npm run build && node --import tsx bench/panels.ts [hours]`: so many simulated hours of the cost (default 2); ten minutes
 */

import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCalendar } from '../src/panels/calendar.ts';
import { createPanelFleet, type PanelFleet } from '../src/panels/fleet.ts';
import type { PanelSource } from '../src/panels/panel.ts';
import { createMemoryTokens } from '../src/panels/token-store.ts';
import { sourceOf } from '../test/panels/source.ts';
import { environment, makeHome, TOKEN, until } from '../test/world/manager.ts';
import { type PanelFault, type PanelWorld, startPanel } from '../test/world/panel/server.ts';
import { startTelegram } from '../test/world/telegram/server.ts';
import { parseRollup, quantile } from './figures.ts';

const PANELS = 20;
const NODES = 30;
const begun = Date.UTC(2026, 10, 23, 7, 0, 5);
const hours = Number(process.argv[2] ?? 2);

let now = begun;
const clock = () => now;

function nodesOf(count: number) {
  return Array.from({ length: count }, (_, index) => ({ name: `N-${index}`, port: 20_000 + index }));
}

interface Notice {
  readonly at: number;
  readonly what: string;
}

/** A fleet by the simulated clock. `silent` are ports that take no connections. */
function fleetOf(
  sources: readonly PanelSource[],
  notices: Notice[],
  silent: ReadonlySet<number>,
  reaches: boolean,
  tokens = createMemoryTokens(),
) {
  return createPanelFleet({
    sources: { load: async () => ({ panels: sources, databaseProblem: null }) },
    tokens,
    records: { load: () => null, save: () => undefined },
    calendar: createCalendar('UTC'),
    clock,
    random: Math.random,
    sleep: async () => undefined,
    reach: async (_address, port) => reaches && !silent.has(port),
    onTransition: (_panel, { name, change, at }) => {
      // What sounds in a chat; a change of reason or advice is an edit without a sound.
      if (change === 'opened' || change === 'closed') notices.push({ at, what: name });
    },
    onRemoved: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
}

async function pass(fleet: PanelFleet, seconds: number, meanwhile: () => Promise<void> | void = () => undefined) {
  for (let second = 0; second < seconds; second += 1) {
    now += 1000;
    await meanwhile();
    fleet.tick(now);
    await fleet.idle();
  }
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** What is really held. PSS of a process that lives a day in minutes tells more of the collector's mood. */
function heapMb(): number {
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const pssMb = () => parseRollup(readFileSync('/proc/self/smaps_rollup', 'utf8')).pss / 2 ** 20;

/** Real seconds in which the manager comes to rest, and in which it is measured. */
const SETTLE_S = 45;
const MEASURED_S = 60;

/** The built manager as it is run, with all those panels and with none. */
async function real(): Promise<void> {
  const panels: PanelWorld[] = [];
  for (let index = 0; index < PANELS; index += 1)
    panels.push(await startPanel({ clock: Date.now, nodes: nodesOf(NODES), users: 5000 }));
  const described = panels.map(({ baseUrl, username, password }, index) => ({
    ...{ id: `p${index}`, base_url: baseUrl, username, password },
  }));
  const managers = await Promise.all([measured([]), measured(described)]);
  for (const { sample } of managers) sample();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_S * 1000));
  const asked = () => panels.reduce((sum, panel) => sum + panel.requests.length, 0);
  const [before, from] = [managers.map(({ sample }) => sample()), asked()];
  await new Promise((resolve) => setTimeout(resolve, MEASURED_S * 1000));
  const after = managers.map(({ sample }) => sample());
  const figures = after.map(({ cpuS, pssMb }, index) => ({
    ...{ cpu: (100 * (cpuS - (before[index]?.cpuS ?? 0))) / MEASURED_S, pss: pssMb },
  }));
  console.log(
    `\nThe built manager in real time, ${MEASURED_S} s: without panels / with ${PANELS} panels of ${NODES} nodes`,
  );
  row('CPU of one core', figures.map(({ cpu }) => `${cpu.toFixed(2)} %`).join(' / '));
  row('PSS, MB', figures.map(({ pss }) => pss.toFixed(1)).join(' / '));
  row(
    'requests a minute and panel (ports of nodes closed to us: asked more often)',
    ((asked() - from) / PANELS / (MEASURED_S / 60)).toFixed(1),
  );
  row('logins a panel', (panels.reduce((sum, panel) => sum + panel.logins.length, 0) / PANELS).toFixed(2));
  for (const { end } of managers) await end();
  for (const panel of panels) await panel.stop();
}

/** One manager with these panels, and what it has used so far. */
async function measured(panels: readonly object[]) {
  const telegram = await startTelegram({ token: TOKEN });
  const home = await makeHome({ services: { panels: { driver: 'external', checks: [{ type: 'panel' }], panels } } });
  const manager = spawn(process.execPath, [new URL('../dist/main.js', import.meta.url).pathname, 'run'], {
    ...{ cwd: home.folder, env: environment(home, telegram.apiRoot), stdio: ['ignore', 'pipe', 'inherit'] },
  });
  let said = '';
  manager.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('the manager runs'));
  const proc = `/proc/${manager.pid}`;
  return {
    sample() {
      const fields = readFileSync(`${proc}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      // Ticks of 10 ms: user and system time.
      const cpuS = (Number(fields[11]) + Number(fields[12])) / 100;
      return { cpuS, pssMb: parseRollup(readFileSync(`${proc}/smaps_rollup`, 'utf8')).pss / 2 ** 20 };
    },
    async end() {
      manager.kill('SIGTERM');
      await new Promise((resolve) => manager.on('exit', resolve));
      await home.remove();
      await telegram.stop();
    },
  };
}

/** 20 panels of 30 nodes, in another process, so that its cost is not counted as ours. */
async function cost(): Promise<void> {
  const child = fork(new URL(import.meta.url).pathname, ['world'], { execArgv: ['--import', 'tsx'] });
  const answers: unknown[] = [];
  let heard: () => void = () => undefined;
  child.on('message', (message) => {
    answers.push(message);
    heard();
  });
  const ask = async (message: object): Promise<unknown> => {
    child.send(message);
    while (answers.length === 0) await new Promise<void>((resolve) => (heard = resolve));
    return answers.shift();
  };
  const { sources } = wanted(await ask({ start: true }));
  const idle = [pssMb(), heapMb()] as const;
  const fleet = fleetOf(sources, [], new Set(), true);
  await pass(fleet, 300, async () => void (await ask({ now })));
  const warm = heapMb();
  const before = process.cpuUsage();
  const from = wanted(await ask({ now }));
  const real = performance.now();
  await pass(fleet, hours * 3600, async () => void (await ask({ now })));
  const used = process.cpuUsage(before);
  const after = wanted(await ask({ now }));
  const seconds = (used.user + used.system) / 1e6;
  const requests = after.requests - from.requests;
  console.log(
    `\n${PANELS} panels of ${NODES} nodes, ${hours} simulated hours in ${Math.round((performance.now() - real) / 1000)} s`,
  );
  row('requests a minute and panel', (requests / PANELS / hours / 60).toFixed(1));
  row('most requests at once at one panel', String(after.mostAtOnce));
  row('CPU of one core, with the driving of the simulation', `${((100 * seconds) / hours / 3600).toFixed(2)} %`);
  row('CPU a request', `${((1000 * seconds) / requests).toFixed(2)} ms`);
  const heap = [idle[1], warm, heapMb()].map((mb) => mb.toFixed(1)).join(' / ');
  row('heap in use, MB: before the panels / with them / after all those hours', heap);
  row(
    'PSS, MB: before the panels (tsx loaded) / after all those hours',
    `${idle[0].toFixed(0)} / ${pssMb().toFixed(0)}`,
  );
  await fleet.stop();
  child.disconnect();
}

interface WorldWord {
  readonly sources: readonly PanelSource[];
  readonly requests: number;
  readonly logins: number;
  readonly mostAtOnce: number;
}

function wanted(message: unknown): WorldWord {
  if (!isWord(message)) throw new Error('The simulated panels said something odd');
  return message;
}

function isWord(message: unknown): message is WorldWord {
  return typeof message === 'object' && message !== null && 'sources' in message && 'requests' in message;
}

/** The other process: panels that live by the time they are told. */
async function world(): Promise<void> {
  const panels: PanelWorld[] = [];
  for (let index = 0; index < PANELS; index += 1)
    panels.push(await startPanel({ clock, nodes: nodesOf(NODES), users: 5000 }));
  let seen = 0;
  process.on('message', (message: { readonly now?: number }) => {
    if (message.now !== undefined) now = message.now;
    for (const panel of panels) {
      panel.engine.run(now);
      seen += panel.requests.length;
      panel.clearRequests();
    }
    process.send?.({
      sources: message.now === undefined ? panels.map((panel, index) => sourceOf(panel, { id: `p${index}` })) : [],
      requests: seen,
      logins: panels.reduce((sum, panel) => sum + panel.logins.length, 0),
      mostAtOnce: Math.max(...panels.map((panel) => panel.mostAtOnce)),
    } satisfies WorldWord);
  });
  process.on('disconnect', () => process.exit(0));
}

async function onePanel(reaches: boolean) {
  const panel = await startPanel({ clock, nodes: nodesOf(NODES) });
  // Our seconds are not the panel's: it must not be asked in the very moment in which it looks after its nodes.
  now += 437;
  const notices: Notice[] = [];
  const silent = new Set<number>();
  const fleet = fleetOf([sourceOf(panel)], notices, silent, reaches);
  await pass(fleet, 90);
  const kill = (name: string) => {
    panel.engine.run(now);
    panel.node(name).break('killed', now);
    silent.add(panel.node(name).port);
  };
  const mend = (name: string) => {
    panel.engine.run(now);
    panel.node(name).break('none', now);
    silent.delete(panel.node(name).port);
  };
  const end = async () => {
    await fleet.stop();
    await panel.stop();
  };
  return { panel, notices, fleet, kill, mend, end };
}

/** Tokens of 24 h, renewed at nine tenths, kept over restarts: how often each day. */
async function logins(days: number): Promise<void> {
  const panel = await startPanel({ clock, nodes: nodesOf(NODES) });
  const tokens = createMemoryTokens();
  const from = now;
  for (let day = 0; day < days; day += 1) {
    // Each day a new manager, which knows the token of the one before.
    const fleet = fleetOf([sourceOf(panel)], [], new Set(), true, tokens);
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      now += 60_000;
      panel.engine.run(now);
      fleet.tick(now);
      await fleet.idle();
    }
    await fleet.stop();
  }
  const each = Array.from({ length: days }, (_, day) => {
    const begin = from + day * 86_400_000;
    return panel.logins.filter(({ at }) => at >= begin && at < begin + 86_400_000).length;
  });
  row(`logins a day, ${days} days with a new manager each day (the first one included)`, each.join(' / '));
  await panel.stop();
}

/** From the moment a node dies to the notice of it. */
async function deaths(reaches: boolean): Promise<void> {
  const { notices, fleet, kill, mend, end } = await onePanel(reaches);
  const took: number[] = [];
  for (let death = 0; death < 100; death += 1) {
    const name = `N-${death % NODES}`;
    await pass(fleet, 700 + Math.floor(Math.random() * 60));
    notices.splice(0);
    const at = now;
    kill(name);
    while (notices.length === 0) await pass(fleet, 1);
    took.push(((notices[0]?.at ?? 0) - at) / 1000);
    mend(name);
  }
  took.sort((a, b) => a - b);
  const figures = [0, 0.5, 0.95, 1].map((q) => `${quantile(took, q).toFixed(0)} s`).join(' / ');
  row(
    `node dies → notice, ${reaches ? 'its port open to us' : 'its port closed to us'}: min / median / p95 / max of 100`,
    figures,
  );
  await end();
}

/** A node that is up and down in turn for 24 hours. */
async function flaps(up: number, down: number): Promise<void> {
  const { notices, fleet, kill, mend, end } = await onePanel(true);
  const from = now;
  await pass(fleet, 24 * 3600, () => {
    const phase = Math.round((now - from) / 1000) % (up + down);
    if (phase === up) kill('N-0');
    if (phase === 0) mend('N-0');
  });
  const nodes = notices.filter(({ what }) => what.startsWith('node-'));
  row(`24 h of ${up} s up, ${down} s down: notices`, `${nodes.length} (${(nodes.length / 24).toFixed(2)} an hour)`);
  await end();
}

/** Each five minutes one answer is lost, in one of the ways answers are lost. */
async function losses(): Promise<void> {
  const { panel, notices, fleet, end } = await onePanel(true);
  const faults: readonly PanelFault[] = ['html-502', { status: 500, body: '' }, { status: 200, body: '<html>' }];
  const paths = ['/api/nodes', '/api/core', '/api/system', '/api/nodes/usage'];
  let lost = 0;
  await pass(fleet, 24 * 3600, () => {
    if (Math.round(now / 1000) % 300 !== 0) return;
    lost += 1;
    const fault = faults[lost % faults.length];
    if (fault !== undefined) panel.inject(fault, { path: paths[lost % paths.length] ?? '/' });
  });
  row(`24 h with ${lost} lost answers: notices`, String(notices.length));
  await end();
}

function row(what: string, figure: string): void {
  console.log(`  ${what.padEnd(84)} ${figure}`);
}

if (process.argv[2] === 'world') await world();
else {
  await real();
  await cost();
  console.log('\nOne panel of 30 nodes');
  await logins(7);
  await deaths(true);
  await deaths(false);
  await flaps(20, 20);
  await flaps(40, 40);
  await flaps(37, 3);
  await flaps(150, 150);
  await losses();
}
