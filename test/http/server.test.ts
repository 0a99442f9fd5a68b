import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createConnection, createServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import type { Liveness } from '../../src/core/liveness.ts';
import { type Readiness, readinessOf } from '../../src/core/readiness.ts';
import { createHttpServer, type HttpOptions } from '../../src/http/server.ts';
import { createLogger } from '../../src/logger.ts';
import { until } from '../world/until.ts';

const now = Date.UTC(2026, 10, 23, 3, 0, 0);
const alive: Liveness = { ok: true, version: '1.2.3', startedAt: now - 61_500, stalled: [], telegram: 'polling' };

const ready: Readiness = { ready: true, reasons: [], oldestWaiting: null, dropped: 0, dead: 0 };

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(liveness: () => Liveness = () => alive, options: Partial<HttpOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ level: 'trace', format: 'json', to: { write: (line) => void lines.push(line) } });
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    liveness,
    log,
    clock: () => now,
    readiness: () => ready,
    api: null,
    ...options,
  });
  endings.push(() => server.close());
  const { port } = await server.listen();
  return { port: port ?? 0, log: lines, server };
}

async function connect(port: number): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  endings.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function all(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

test('bedolaga 2450220a: alive is 200 without credentials, with what a probe may know and nothing more', async () => {
  const { port } = await serve();
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.deepEqual(await response.json(), { status: 'ok', version: '1.2.3', uptime_s: 61, telegram: 'polling' });
});

test('a loop stands still: 503, which one and for how long', async () => {
  const stalled = [{ loop: 'scheduler', silentFor: 42_400 }];
  const { port } = await serve(() => ({ ...alive, ok: false, stalled }));
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    status: 'stalled',
    version: '1.2.3',
    uptime_s: 61,
    telegram: 'polling',
    reason: 'scheduler silent for 42 s',
  });
});

test('Telegram in conflict is said and does not make the manager unhealthy', async () => {
  const { port } = await serve(() => ({ ...alive, telegram: 'conflict' }));
  const response = await fetch(`http://127.0.0.1:${port}/healthz?from=probe`);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /"telegram":"conflict"/);
});

test('ready: 200, with what waits and what was lost', async () => {
  const { port } = await serve();
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'ready', oldest_waiting_s: null, dropped: 0, dead_letters: 0 });
});

test('a notice waits for five minutes, or a loop stands still: not ready, with the reasons', async () => {
  const outbox = { waitsSince: now - 300_000, dropped: 2, dead: 1 };
  const stalled = [{ loop: 'outbox', silentFor: 20_000 }];
  const { port } = await serve(() => alive, { readiness: () => readinessOf({ ...alive, stalled }, outbox, now) });
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    ...{ status: 'not ready', oldest_waiting_s: 300, dropped: 2, dead_letters: 1 },
    reason: 'outbox silent for 20 s; a notice has waited for 300 s',
  });
  assert.equal(readinessOf(alive, { ...outbox, waitsSince: now - 299_000 }, now).ready, true);
});

test('HEAD is answered without a body', async () => {
  const { port } = await serve();
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, { method: 'HEAD' });
  assert.equal(response.status, 200);
  assert.ok(Number(response.headers.get('content-length')) > 0);
  assert.equal(await response.text(), '');
});

test('anything else: 404 as JSON', async () => {
  const { port } = await serve();
  for (const path of ['/', '/healthz/', '/HEALTHZ', '/metrics', '/../healthz', '/__proto__', '/%68ealthz']) {
    const [response] = await once(request({ port, host: '127.0.0.1', path }).end(), 'response');
    assert.equal(response.statusCode, 404, path);
    assert.deepEqual(JSON.parse(String(await response.setEncoding('utf8').toArray())), { error: 'not found' });
  }
});

test('other methods: 405, what is allowed, and the connection is over', async () => {
  const { port } = await serve();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { method });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    assert.equal(response.headers.get('connection'), 'close');
    assert.deepEqual(await response.json(), { error: 'method not allowed' });
  }
});

test('a bug in what is asked is 500 and a line in the log, and the next one is answered', async () => {
  let broken = true;
  const { port, log } = await serve(() => {
    if (broken) throw new Error('secret inner words');
    return alive;
  });
  const response = await fetch(`http://127.0.0.1:${port}/healthz`);
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { error: 'internal error' });
  assert.ok(log.some((line) => line.includes('secret inner words')));
  broken = false;
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});

test('garbage and oversized headers are refused, and others still served', async () => {
  const { port } = await serve();
  const garbage = await connect(port);
  garbage.write('\u0000\u0001\u0002 nonsense\r\n\r\n');
  assert.match(await all(garbage), /^HTTP\/1\.1 400 /);
  const large = await connect(port);
  large.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(16 * 1024)}\r\n\r\n`);
  assert.match(await all(large), /^HTTP\/1\.1 431 /);
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});

test('who never finishes asking is hung up on', async () => {
  const { port } = await serve(() => alive, { patience: 100 });
  const slow = await connect(port);
  let ended = false;
  slow.resume().on('close', () => {
    ended = true;
  });
  slow.write('GET /healthz HTTP/1.1\r\n');
  // A header a little at a time, for ever: it is the whole that has a limit, not each wait.
  const dripping = setInterval(() => slow.write('X-More: 1\r\n'), 20);
  endings.push(() => clearInterval(dripping));
  await until(() => ended);
});

test('who sends nothing at all is hung up on', async () => {
  const { port } = await serve(() => alive, { patience: 100 });
  const mute = await connect(port);
  assert.doesNotMatch(await all(mute), /200/);
});

test('a taken port is said once, and used as soon as it is free', async () => {
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  const address = squatter.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;
  const { log, port: first } = await serve(() => alive, { port, retryEvery: 20 });
  assert.equal(first, 0, 'it does not listen, and does not reject either');
  await until(() => log.filter((line) => line.includes('EADDRINUSE')).length > 2);
  assert.equal(log.filter((line) => line.includes('"level":"error"')).length, 1);
  squatter.close();
  await until(() =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    ),
  );
});

test('closing does not wait for open connections, nor for a port that is still taken', async () => {
  const { port, server } = await serve(() => alive, { patience: 3_600_000 });
  const asking = await connect(port);
  asking.write('GET /healthz HTTP/1.1\r\n');
  // Answered after those bytes have arrived, so the half request is known by now.
  await fetch(`http://127.0.0.1:${port}/healthz`);
  await server.close();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));

  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  endings.push(() => squatter.close());
  const address = squatter.address();
  assert.ok(typeof address === 'object' && address !== null);
  const waiting = await serve(() => alive, { port: address.port });
  await waiting.server.close();
});
