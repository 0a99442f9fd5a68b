import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, test } from 'node:test';
import { createControlClient } from '../../src/cli/client.ts';
import { ControlSocketError, createControlServer } from '../../src/cli/control-server.ts';
import { createStoreAnswers } from '../../src/cli/store-protocol.ts';
import { reason } from '../../src/core/reason.ts';
import type { Control } from '../../src/core/snapshot.ts';
import { createLogger } from '../../src/logger.ts';
import { makeAlerting } from '../world/alerting.ts';
import { noStores } from '../world/stores.ts';
import { fakeControl, fakeHistory, fakeReload, fakeTop, now, snapshot } from './fake-control.ts';
import { fakePanels } from './fake-panels.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-control-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const log = createLogger({ level: 'silent', format: 'json' });
const incidents = makeAlerting({ clock: () => now, serviceExists: (name) => name !== 'gone' });
const doors = {
  log,
  alerting: incidents.alerting,
  reload: fakeReload,
  history: fakeHistory,
  panels: fakePanels,
  stores: createStoreAnswers(noStores),
  top: fakeTop,
  clock: () => now,
};
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

let sockets = 0;
function newPath(): string {
  sockets += 1;
  return join(folder, `${sockets}.sock`);
}

async function serve(control: Control = fakeControl(), path: string = newPath()): Promise<string> {
  const server = createControlServer({ path, control, ...doors });
  await server.listen();
  endings.push(() => server.close());
  return path;
}

async function connect(path: string): Promise<Socket> {
  const socket = createConnection(path);
  endings.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side hangs up. */
async function rest(socket: Socket): Promise<readonly unknown[]> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Another process that holds a control socket as the manager does. */
async function otherManager(path: string): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const script = new URL('./manager-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  endings.push(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) return { child, said: line };
  throw new Error('it said nothing');
}

async function refusal(path: string): Promise<string> {
  const server = createControlServer({ path, control: fakeControl(), ...doors });
  try {
    await server.listen();
  } catch (error) {
    assert.ok(error instanceof ControlSocketError, String(error));
    return error.reason.code;
  }
  await server.close();
  return 'listening';
}

test('every question has its answer', async () => {
  const control = fakeControl();
  const client = createControlClient(await serve(control), 'vera');
  assert.deepEqual(await client.snapshot(), { ok: true, value: snapshot() });
  assert.deepEqual(await client.logs('redis', 2), { ok: true, value: ['two', 'three'] });
  assert.deepEqual(await client.act('redis', 'restart'), { ok: true, value: { ok: true, took: 1_250, note: null } });
  assert.deepEqual(await client.actAll('stop'), {
    ok: true,
    value: {
      redis: { ok: true, took: 5, note: null },
      shop_bot: { ok: false, took: 20, reason: { code: 'control-failed' } },
    },
  });
  const by = { kind: 'cli', id: 'vera', name: 'vera' };
  assert.deepEqual(control.asked, [
    { service: 'redis', verb: 'restart', by },
    { service: '*', verb: 'stop', by },
  ]);
});

test('an unknown service is refused with the nearest name, and nothing is done', async () => {
  const control = fakeControl();
  const client = createControlClient(await serve(control), 'vera');
  assert.deepEqual(await client.act('shopbot', 'stop'), {
    ok: false,
    code: 'unknown-service',
    reason: reason('control-unknown-service-nearest', { service: 'shopbot', nearest: 'shop_bot' }),
  });
  assert.deepEqual(await client.logs('something', 5), {
    ok: false,
    code: 'unknown-service',
    reason: reason('control-unknown-service', { service: 'something' }),
  });
  assert.deepEqual(control.asked, []);
});

test('alerts are seen, taken on and muted through the socket, in the name of who typed', async () => {
  const client = createControlClient(await serve(), 'vera');
  incidents.problem('shop_bot');
  const seen = await client.alerts(5);
  assert.ok(seen.ok);
  const id = seen.value.open[0]?.id ?? 0;
  assert.deepEqual([seen.value.open[0]?.service, seen.value.past, seen.value.at], ['shop_bot', [], now]);
  assert.deepEqual(await client.acknowledge(id), { ok: true, value: { ok: true } });
  assert.equal(incidents.alerting.get(id)?.acknowledgedBy, 'vera');
  assert.deepEqual(await client.mute('maintenance', 'redis', 60_000), { ok: true, value: { ok: true } });
  await client.mute('mute', null, 30_000);
  const muted = await client.alerts(0);
  assert.ok(muted.ok);
  assert.deepEqual(
    muted.value.mutes.map(({ kind, scope, until, by }) => [kind, scope.covers, until - now, by]),
    [
      ['mute', 'all', 30_000, 'vera'],
      ['maintenance', 'service', 60_000, 'vera'],
    ],
  );
  assert.deepEqual(await client.unmute(muted.value.mutes[0]?.id ?? 0), { ok: true, value: { ok: true } });
  assert.deepEqual(await client.unmute('redis'), { ok: true, value: { ok: true } });
  assert.deepEqual(await client.unmute(null), { ok: true, value: { ok: false, reason: reason('not-muted') } });
  const audit = await client.audit(3);
  assert.ok(audit.ok);
  assert.deepEqual(
    audit.value.map(({ action, by, refused }) => [action, by.kind, by.name, refused?.code ?? 'done']),
    [
      ['unmute', 'cli', 'vera', 'not-muted'],
      ['unmute', 'cli', 'vera', 'done'],
      ['unmute', 'cli', 'vera', 'done'],
    ],
  );
});

test('only its owner may open the socket, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const path = newPath();
    const server = createControlServer({ path, control: fakeControl(), ...doors });
    endings.push(() => server.close());
    await server.listen();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(process.umask(), 0, 'the umask is as it was');
  } finally {
    process.umask(before);
  }
});

test('the data folder is made for its owner only', async () => {
  const path = join(folder, 'new', 'data', 'control.sock');
  await serve(fakeControl(), path);
  assert.equal(statSync(join(folder, 'new', 'data')).mode & 0o777, 0o700);
});

test('closing removes the socket and hangs up', async () => {
  const path = newPath();
  const server = createControlServer({ path, control: fakeControl(), ...doors });
  await server.listen();
  const socket = await connect(path);
  await server.close();
  assert.deepEqual(await rest(socket), []);
  const asked = await createControlClient(path, 'vera').snapshot();
  assert.equal(asked.ok ? 'answered' : asked.code, 'no-manager');
  await server.close();
});

test('the socket of a killed manager is replaced', async () => {
  const path = newPath();
  const { child, said } = await otherManager(path);
  assert.equal(said, 'listening');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(statSync(path).isSocket(), 'the dead one left its socket');
  await serve(fakeControl(), path);
  assert.equal((await createControlClient(path, 'vera').snapshot()).ok, true);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith(`${sockets}.sock.`)),
    [],
    'nothing is left over',
  );
});

test('a living manager keeps its socket, also when it is frozen', async () => {
  const path = newPath();
  const { child } = await otherManager(path);
  const { ctimeMs } = statSync(path);
  assert.equal(await refusal(path), 'control-taken');
  child.kill('SIGSTOP');
  assert.equal(await refusal(path), 'control-taken');
  assert.equal(statSync(path).ctimeMs, ctimeMs, 'it was not even moved');
  child.kill('SIGCONT');
  assert.equal((await createControlClient(path, 'vera').snapshot()).ok, true);
});

test('of two managers that start at once in place of a dead one, one wins', async () => {
  const path = newPath();
  const { child } = await otherManager(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const said = (await Promise.all([otherManager(path), otherManager(path), otherManager(path)])).map(
    (each) => each.said,
  );
  assert.deepEqual(said.sort(), ['listening', 'refused control-taken', 'refused control-taken']);
  assert.equal((await createControlClient(path, 'vera').snapshot()).ok, true);
});

test('what is not a socket is left alone', async () => {
  const path = newPath();
  writeFileSync(path, 'notes');
  assert.equal(await refusal(path), 'control-not-a-socket');
  assert.equal(statSync(path).size, 5);
});

test('a path that a socket cannot have is refused, not cut short', async () => {
  assert.equal(await refusal(join(folder, 'x'.repeat(110))), 'control-path-too-long');
});

test('garbage is answered and the next request still served', async () => {
  const socket = await connect(await serve());
  socket.end(
    '\u0000\u0001 not json\n{"id":"1","do":"reboot"}\n[]\n{"id":"1","do":"logs","service":"redis","lines":1}\n',
  );
  const refused = { id: null, type: 'refused', code: 'bad-request', reason: { code: 'control-bad-request' } };
  assert.deepEqual(await rest(socket), [refused, refused, refused, { id: '1', type: 'done', value: ['three'] }]);
});

test('a line over the limit is refused and the line cut', async () => {
  const path = await serve();
  const socket = await connect(path);
  socket.write(Buffer.alloc(1024 * 1024 + 1, 'x'));
  assert.deepEqual(await rest(socket), [
    { id: null, type: 'refused', code: 'bad-request', reason: { code: 'control-line-too-long' } },
  ]);
  assert.equal((await createControlClient(path, 'vera').snapshot()).ok, true);
});

test('the thirty-third connection is told to come back, and has a place when another leaves', async () => {
  const path = await serve();
  const held = await Promise.all(Array.from({ length: 32 }, () => connect(path)));
  const refused = await createControlClient(path, 'vera').snapshot();
  assert.equal(refused.ok ? 'answered' : refused.code, 'busy');
  for (const socket of held) socket.destroy();
  const deadline = Date.now() + 10_000;
  while (!(await createControlClient(path, 'vera').snapshot()).ok)
    assert.ok(Date.now() < deadline, 'no place came free');
});

test('a client that hangs up in the middle of an action does not end it or hurt others', async () => {
  let finish = (): void => {};
  let done = false;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const control = fakeControl({
    act: async () => {
      await finished;
      done = true;
      return { ok: true, took: 1, note: null };
    },
  });
  const path = await serve(control);
  const socket = await connect(path);
  socket.write('{"id":"1","do":"act","service":"redis","verb":"stop","by":"vera"}\n');
  const deadline = Date.now() + 10_000;
  while (control.asked.length === 0) {
    assert.ok(Date.now() < deadline);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.destroy();
  finish();
  assert.equal((await createControlClient(path, 'vera').snapshot()).ok, true);
  assert.ok(done);
});

test('while an action takes long, the manager says that it works on it', async () => {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const control = fakeControl({ act: () => finished.then(() => ({ ok: true, took: 1, note: null })) });
  const socket = await connect(await serve(control));
  socket.end('{"id":"7","do":"act","service":"redis","verb":"stop","by":"vera"}\n');
  const [first] = await once(socket, 'data');
  assert.equal(String(first), '{"id":"7","type":"working"}\n');
  finish();
  assert.deepEqual(await rest(socket), [{ id: '7', type: 'done', value: { ok: true, took: 1, note: null } }]);
});

test('who is told that it is worked on waits on, also beyond the limit of silence', async () => {
  const path = newPath();
  const slow = createServer((socket) => {
    let words = 0;
    const saying = setInterval(() => {
      words += 1;
      socket.write(words < 30 ? '{"id":"1","type":"working"}\n' : '{"id":"1","type":"done","value":["late"]}\n');
    }, 50);
    socket.resume().on('close', () => clearInterval(saying));
  });
  await new Promise<void>((resolve) => slow.listen(path, resolve));
  endings.push(() => slow.close());
  assert.deepEqual(await createControlClient(path, 'vera', 1_000).logs('redis', 1), { ok: true, value: ['late'] });
});

test('a manager that says nothing is given up', async () => {
  const path = newPath();
  const silent = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(path, resolve));
  endings.push(() => silent.close());
  const asked = await createControlClient(path, 'vera', 200).snapshot();
  assert.equal(asked.ok ? 'answered' : asked.code, 'no-answer');
});

test('a manager that hangs up, or talks nonsense, is said to', async () => {
  for (const [words, code] of [
    ['', 'lost'],
    ['{"id":"1","type":"do', 'lost'],
    ['HTTP/1.1 200 OK\n', 'bad-answer'],
    ['{"id":"1","type":"done","value":{"services":"none"}}\n', 'bad-answer'],
  ] as const) {
    const path = newPath();
    const strange = createServer((socket) => socket.resume().end(words));
    await new Promise<void>((resolve) => strange.listen(path, resolve));
    endings.push(() => strange.close());
    const asked = await createControlClient(path, 'vera').snapshot();
    assert.equal(asked.ok ? 'answered' : asked.code, code, words);
  }
});

test('a bug behind an action is an answer, not silence', async () => {
  const control = fakeControl({
    act: () => {
      throw new Error('bug');
    },
  });
  const asked = await createControlClient(await serve(control), 'vera').act('redis', 'stop');
  assert.equal(asked.ok ? 'answered' : asked.code, 'failed');
});

test('an answer of a megabyte of log arrives whole', async () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `${index} ${'ж'.repeat(600)}`);
  const asked = await createControlClient(await serve(fakeControl({ logs: lines })), 'vera').logs('redis', 1000);
  assert.deepEqual(asked, { ok: true, value: lines });
});

test('who may not open the socket is told so', async () => {
  const path = await serve();
  await chmod(path, 0o000);
  // Root may open everything, so it is nobody for a moment.
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65534);
  try {
    const asked = await createControlClient(path, 'vera').snapshot();
    assert.equal(asked.ok ? 'answered' : asked.code, 'forbidden');
  } finally {
    if (root) process.seteuid?.(0);
  }
});
