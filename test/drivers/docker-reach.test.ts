import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEngine } from '../../src/drivers/docker/engine.ts';
import { createEvents } from '../../src/drivers/docker/events.ts';
import { createDockerDriver, dockerSocket } from '../../src/drivers/docker.ts';
import { type PrivateDocker, startDocker } from '../world/docker.ts';
import { startRelay } from '../world/relay.ts';
import { eventually, exited, kill, listen } from './playground.ts';

const run = promisify(execFile);
const forever = 'trap "exit 0" TERM; while :; do sleep 0.1; done';

let docker: PrivateDocker;
let folder: string;

function drive(context: TestContext, container: string, socket = docker.socket) {
  const driver = createDockerDriver({
    name: 'bot',
    container,
    compose_project: null,
    compose_service: null,
    socket,
    stop_timeout: 5000,
    takeover: false,
    clock: Date.now,
  });
  context.after(() => driver.close());
  return { driver, told: listen(driver) };
}

async function relayTo(context: TestContext, name: string) {
  const relay = await startRelay(join(folder, name), docker.socket);
  context.after(() => relay.close());
  return relay;
}

describe('the way to the container engine', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orbit-relay-'));
    await chmod(folder, 0o755);
    docker = await startDocker();
  });
  after(async () => {
    await docker.end();
    await rm(folder, { recursive: true });
  });

  it('says that there is none, and never that a service is dead', async (context) => {
    const socket = join(folder, 'nowhere');
    const { driver } = drive(context, 'bot', socket);
    const reason = { code: 'docker-absent', args: { socket } };
    assert.deepEqual(await driver.inspect(), { state: 'unknown', reason });
    assert.deepEqual(await driver.start(), { ok: false, fatal: false, reason });
    assert.deepEqual(await driver.stop(), { ok: false, reason });
    assert.deepEqual(await driver.logs(5), []);
  });

  it('says that the socket is not for this user', async () => {
    const visitor = fileURLToPath(new URL('docker-visitor.ts', import.meta.url));
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    await chmod(docker.socket, 0o660);
    const relay = await startRelay(join(folder, 'closed'), docker.socket);
    await chmod(relay.path, 0o600);
    const command = [process.execPath, '--import', import.meta.resolve('tsx'), visitor, 'bot', relay.path];
    const { stdout } = await run('setpriv', [...user, ...command], { cwd: '/' });
    await relay.close();
    const reason = { code: 'docker-no-access', args: { socket: relay.path } };
    assert.deepEqual(JSON.parse(stdout), { state: 'unknown', reason });
  });

  it('says so when the engine takes the question and gives no answer', async (context) => {
    const socket = join(folder, 'silent');
    const server = createServer(() => {}).listen(socket);
    context.after(() => server.close());
    const { driver } = drive(context, 'bot', socket);
    const seen = await driver.inspect();
    await driver.close();
    assert.deepEqual(seen, { state: 'unknown', reason: { code: 'docker-silent', args: { socket } } });
  });

  it('opens the stream of events again after a break, and tells what died meanwhile', async (context) => {
    await docker.create('broken', forever);
    const relay = await relayTo(context, 'broken');
    const { driver, told } = drive(context, 'broken', relay.path);
    await driver.inspect();
    assert.equal((await driver.start()).ok, true);
    await relay.close();
    const away = await eventually('told that the engine is away', () => told.at(-1));
    assert.equal(away.state, 'unknown');
    await docker.api('POST', '/containers/broken/kill');
    await relay.open();
    assert.equal((await exited(told)).exit.signal, 'SIGKILL');
    relay.cut();
    await docker.api('POST', '/containers/broken/start');
    await eventually('told of the start', () => told.at(-1)?.state === 'running');
  });

  it('tells an end that it hears of only when the container is gone already, or up again', async (context) => {
    const relay = await relayTo(context, 'late');
    await docker.create('gone', forever, { HostConfig: { AutoRemove: true } });
    const gone = drive(context, 'gone', relay.path);
    await gone.driver.inspect();
    assert.equal((await gone.driver.start()).ok, true);
    await docker.create('again', forever, { HostConfig: { RestartPolicy: { Name: 'always' } } });
    const again = drive(context, 'again', relay.path);
    const first = await again.driver.start();
    assert.ok(first.ok && first.run.pid);
    assert.equal((await again.driver.inspect()).state, 'running');

    relay.hold();
    await docker.api('POST', '/containers/gone/kill?signal=KILL');
    kill(first.run.pid);
    await eventually('both are over it', async () => {
      const all = JSON.stringify(await docker.api('GET', '/containers/json?all=true'));
      const now = await docker.api('GET', '/containers/again/json');
      return (
        !all.includes('"/gone"') && JSON.stringify(now).includes('"Status":"running"') && pidOf(now) !== first.run.pid
      );
    });
    relay.letGo();
    const end = await eventually('told of the end', () => gone.told.find((seen) => seen.state === 'exited'));
    assert.ok(end.state === 'exited');
    assert.deepEqual([end.exit.signal, end.fate], ['SIGKILL', 'stopped']);
    await eventually('told of both', () => again.told.length >= 2);
    const [died, back] = again.told;
    assert.ok(died?.state === 'exited' && back?.state === 'running', JSON.stringify(again.told));
    assert.deepEqual([died.run.id, died.exit.signal, died.fate], [first.run.id, 'SIGKILL', 'restarts']);
    assert.equal(back.restarts, 1);
  });

  it('has one stream for all services', async (context) => {
    const relay = await relayTo(context, 'shared');
    for (let number = 0; number < 10; number += 1) {
      const { driver } = drive(context, `shared${number}`, relay.path);
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
    }
    await eventually('the stream', () => relay.requests.some((path) => path.startsWith('/events')));
    assert.equal(relay.requests.filter((path) => path.startsWith('/events')).length, 1);
  });

  it('notices a stream that has died without a word', async (context) => {
    const relay = await relayTo(context, 'mute');
    const engine = createEngine(relay.path);
    const events = createEvents(engine, { heartbeatMs: 50 });
    context.after(() => {
      events.close();
      engine.close();
    });
    const heard: string[] = [];
    let expected = true;
    let refreshed = 0;
    events.watch({
      event: ({ Action }) => heard.push(Action),
      lost() {},
      refresh() {
        refreshed += 1;
      },
      away() {},
      surprised: () => !expected,
    });
    await eventually('opened', () => refreshed === 1);
    relay.mute();
    await docker.create('unheard', forever);
    expected = false;
    await eventually('opened anew', () => refreshed > 1);
    expected = true;
    await docker.create('heard', forever);
    await eventually('hears again', () => heard.includes('create'));
  });

  it('does not take the engine’s own end for somebody’s wish, nor a restart by it for a death', async (context) => {
    await docker.create('plain', forever);
    await docker.create('kept', forever, { HostConfig: { RestartPolicy: { Name: 'always' } } });
    const plain = drive(context, 'plain');
    const kept = drive(context, 'kept');
    for (const { driver } of [plain, kept]) assert.equal((await driver.start()).ok, true);
    const first = await kept.driver.inspect();
    assert.ok(first.state === 'running');
    await docker.restart();
    const end = await eventually('told that nobody but the manager decides', () => {
      const last = plain.told.at(-1);
      return last?.state === 'exited' && last.fate === undefined ? last : null;
    });
    assert.equal(end.exit.code, 0);
    await eventually('told that the engine has started it again', () => {
      const last = kept.told.at(-1);
      return last?.state === 'running' && last.run.id !== first.run.id;
    });
  });
});

function pidOf(container: unknown): number {
  const found = /"Pid":(\d+)/.exec(JSON.stringify(container));
  return Number(found?.[1]);
}

describe('the socket of the engine', () => {
  it('is the usual one unless DOCKER_HOST names another', () => {
    assert.equal(dockerSocket({}), '/var/run/docker.sock');
    assert.equal(dockerSocket({ DOCKER_HOST: 'unix:///run/user/1000/docker.sock' }), '/run/user/1000/docker.sock');
    assert.equal(dockerSocket({ DOCKER_HOST: 'tcp://10.0.0.1:2375' }), '/var/run/docker.sock');
  });
});
