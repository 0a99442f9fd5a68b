/**
 * 1,000 checks of mixed kinds, each every 30 s, in a whole manager: whether they are on time, what they cost.
 * `npm run build && timeout 600 node --import tsx bench/checks.ts [short]`: 5 minutes; short: 100 s. The targets
 * (HTTP, TCP, TLS, DNS) live in this process, so that they are not counted.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTls } from 'node:tls';
import { createControlClient } from '../src/cli/client.ts';
import { certificateMaker } from '../test/world/certificates.ts';
import { dnsTypes, startDns } from '../test/world/dns.ts';
import { environment, makeHome, TOKEN, until } from '../test/world/manager.ts';
import { startTelegram } from '../test/world/telegram/server.ts';
import { head, quantile, row } from './figures.ts';
import { cpuOf, pssOf } from './supervision/processes.ts';

const short = process.argv[2] === 'short';
const SERVICES = 100;
const EVERY = 30_000;
/** The first round of all, with the compiler's first passes. */
const SETTLE = short ? 35_000 : 60_000;
const WATCHED = short ? 65_000 : 240_000;
const LOOK_EVERY = 5_000;
const root = new URL('..', import.meta.url).pathname;

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const home = await makeHome({ services: {} });
const { key, cert } = certificateMaker(home.folder).selfSigned('bench', 'localhost', 90);
const web = createHttp((_request, response) => response.end('ok'));
const plain = createTcp((socket) => socket.on('error', () => socket.destroy()).end());
const secure = createTls({ key, cert }, (socket) => socket.on('error', () => socket.destroy()));
const [webPort, plainPort, securePort] = [await listening(web), await listening(plain), await listening(secure)];
const dns = await startDns(() => ({ type: dnsTypes.A, records: [Buffer.from([127, 0, 0, 1])] }));
const log = join(home.folder, 'service.log');
writeFileSync(log, 'all is well\n');

/** Ten for each service: four HTTP, two TCP, and one of TLS, DNS, log and command. */
const checks = [
  ...Array.from({ length: 4 }, (_, n) => ({ type: 'http', id: `http${n}`, url: `http://127.0.0.1:${webPort}/${n}` })),
  ...Array.from({ length: 2 }, (_, n) => ({ type: 'tcp', id: `tcp${n}`, host: '127.0.0.1', port: plainPort })),
  { type: 'tls', host: '127.0.0.1', port: securePort, server_name: 'localhost', allow_self_signed: true },
  { type: 'dns', name: 'bench.example', server: dns.address },
  { type: 'log', path: log, pattern: 'Traceback', degraded_over: '5/1m' },
  { type: 'command', command: ['true'] },
];
const service = {
  ...{ driver: 'external', checks, start_grace: 0 },
  ...{ health_check_interval: '30s', health_check_timeout: '10s' },
};
await home.configure({
  http: null,
  services: Object.fromEntries(
    Array.from({ length: SERVICES }, (_, n) => [`s${n}`, { ...service, health_check_interval: '30s' }]),
  ),
});

const telegram = await startTelegram({ token: TOKEN });
const manager = spawn(process.execPath, ['dist/main.js', 'run'], {
  cwd: root,
  env: environment(home, telegram.apiRoot),
  stdio: ['ignore', 'pipe', 'inherit'],
});
let said = '';
manager.stdout.setEncoding('utf8').on('data', (text: string) => {
  said += text;
});
const pid = manager.pid ?? 0;

/** When each check answered last, as the manager says. */
async function answers(): Promise<ReadonlyMap<string, { at: number; verdict: string; kind: string }>> {
  const asked = await createControlClient(join(home.dataDir, 'control.sock'), 'bench').snapshot();
  if (!asked.ok) throw new Error(asked.code);
  return new Map(
    asked.value.services.flatMap(({ name, checks: all }) =>
      all.map(
        ({ id, at, verdict }) => [`${name}/${id}`, { at: at ?? 0, verdict, kind: id.replace(/\d+$/, '') }] as const,
      ),
    ),
  );
}

try {
  await until(() => said.includes('the manager runs'), 'the manager', 60_000);
  const started = Date.now();
  await sleep(SETTLE);
  const cpuBefore = cpuOf([pid]);
  const began = performance.now();
  const pssBefore = pssOf([pid]);
  let before = await answers();
  const late = new Map<string, number[]>();
  let unwell = 0;
  while (performance.now() - began < WATCHED) {
    await sleep(LOOK_EVERY);
    const now = await answers();
    for (const [name, { at, verdict, kind }] of now) {
      const last = before.get(name)?.at ?? 0;
      if (last === 0 || at === last) continue;
      if (verdict !== 'healthy') unwell += 1;
      late.set(kind, [...(late.get(kind) ?? []), Math.max(0, at - last - EVERY)]);
    }
    before = now;
  }
  const cpu = ((cpuOf([pid]) - cpuBefore) / (performance.now() - began)) * 100;
  const all = [...late.values()].flat();
  const missing = [...before.values()].filter(({ at }) => Date.now() - at > EVERY + 2 * LOOK_EVERY).length;
  console.log(`${before.size} checks every 30 s, ${(WATCHED / 1000).toFixed(0)} s watched`);
  console.log(`later than 30 s after the last answer:\n${head}`);
  for (const [kind, some] of late) console.log(row(kind, some));
  console.log(row('all', all));
  console.log(`latest ${quantile(all, 1).toFixed(0)} ms; ${missing} not asked any more; ${unwell} answers not healthy`);
  const expected = (before.size * WATCHED) / EVERY;
  console.log(`answers: ${all.length} of about ${expected.toFixed(0)}`);
  console.log(`CPU ${cpu.toFixed(1)} % of a core (the looks of this benchmark every 5 s included)`);
  const [from, to] = [pssBefore, pssOf([pid])].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  console.log(
    `PSS ${from} MB when the watch began, ${to} MB ${((Date.now() - started) / 1000).toFixed(0)} s after the start`,
  );
} finally {
  manager.kill('SIGTERM');
  await new Promise((resolve) => manager.on('exit', resolve));
  for (const server of [web, plain, secure]) server.close();
  web.closeAllConnections();
  await dns.close();
  await telegram.stop();
  await home.remove();
}
process.exit(0);
