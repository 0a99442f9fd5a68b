import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { reason } from '../../src/core/reason.ts';
import { createDockerDriver, type DockerOptions } from '../../src/drivers/docker.ts';
import { sayReason } from '../../src/i18n.ts';
import { type ContainerMore, type PrivateDocker, startDocker } from '../world/docker.ts';
import { answersFirst, keepsOneRun } from './contract.ts';
import { eventually, exited, kill, listen } from './playground.ts';

let docker: PrivateDocker;
let count = 0;

/** A container of its own for each test, and a driver for it. */
async function make(context: TestContext, script: string, more: ContainerMore = {}, own: Partial<DockerOptions> = {}) {
  count += 1;
  const container = `test${count}`;
  await docker.create(container, script, more);
  const another = () => drive(context, { container, ...own });
  return {
    container,
    another,
    ...another(),
    ask: (verb: string) => docker.api('POST', `/containers/${container}/${verb}`),
  };
}

function drive(context: TestContext, own: Partial<DockerOptions>) {
  const driver = createDockerDriver({
    name: 'bot',
    container: null,
    compose_project: null,
    compose_service: null,
    socket: docker.socket,
    stop_timeout: 5000,
    takeover: false,
    clock: Date.now,
    ...own,
  });
  context.after(() => driver.close());
  return { driver, told: listen(driver) };
}

/** The first process of a container's namespace ignores what it does not handle. */
const forever = 'trap "exit 0" TERM; while :; do sleep 0.1; done';
const always = { HostConfig: { RestartPolicy: { Name: 'always' } } };

describe('the docker driver', () => {
  before(async () => {
    docker = await startDocker();
  });
  after(() => docker.end());

  describe('a container', () => {
    it('starts, is seen as the engine sees it, and stops within its grace', async (context) => {
      const { driver, container } = await make(context, forever);
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
      const started = await driver.start();
      assert.ok(started.ok, JSON.stringify(started));
      const top = await docker.api('GET', `/containers/${container}/top?ps_args=-o%20pid`);
      assert.ok(JSON.stringify(top).includes(`"${started.run.pid}"`), JSON.stringify(top));
      assert.ok(Math.abs(started.run.startedAt - Date.now()) < 60_000);
      assert.deepEqual(await driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.deepEqual([stopped.exit?.code, stopped.killed], [0, []]);
      const seen = await driver.inspect();
      assert.ok(seen.state === 'exited');
      assert.deepEqual([seen.run.id, seen.exit, seen.fate], [started.run.id, stopped.exit, undefined]);
    });

    it('gives the running run to a second start, and does nothing for a second stop', async (context) => {
      const { driver } = await make(context, forever);
      await keepsOneRun(driver);
    });

    it('tells the exit code of a death, and the signal', async (context) => {
      const { driver, told } = await make(context, 'sleep 0.1; exit 3');
      const started = await driver.start();
      assert.ok(started.ok);
      const end = await exited(told);
      assert.equal(end.run.id, started.run.id);
      assert.deepEqual([end.exit.code, end.exit.signal, end.fate], [3, null, undefined]);
      const other = await make(context, forever);
      const running = await other.driver.start();
      assert.ok(running.ok && running.run.pid);
      kill(running.run.pid);
      const killed = await exited(other.told);
      assert.deepEqual([killed.exit.code, killed.exit.signal, killed.fate], [null, 'SIGKILL', undefined]);
    });

    it('answers the start first, and tells the end of one that ends at once after it', async (context) => {
      const { driver, told } = await make(context, 'true');
      await answersFirst(driver, told);
    });

    it('is taken over when it runs already, and its end is known that came while no manager was there', async (context) => {
      const { driver, another } = await make(context, forever);
      const started = await driver.start();
      assert.ok(started.ok && started.run.pid);
      await driver.close();
      const second = another();
      assert.deepEqual(await second.driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
      await second.driver.close();
      kill(started.run.pid);
      const third = another();
      const end = await eventually('seen as ended', async () => {
        const seen = await third.driver.inspect();
        return seen.state === 'exited' ? seen : null;
      });
      assert.deepEqual([end.run.id, end.exit.signal], [started.run.id, 'SIGKILL']);
    });

    it('is killed when it does not go in time, and named', async (context) => {
      const { driver } = await make(context, 'trap "" TERM; while :; do sleep 0.1; done', {}, { stop_timeout: 500 });
      const started = await driver.start();
      assert.ok(started.ok);
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.deepEqual(stopped.killed, [`sh (${started.run.pid})`]);
      assert.equal(stopped.exit?.signal, 'SIGKILL');
    });

    it('tells of a start, a restart and a stop by hand, and that the stop was somebody’s wish', async (context) => {
      const { driver, told, ask } = await make(context, forever);
      await driver.inspect();
      await ask('start');
      const first = await eventually('told of the start', () => told.find((seen) => seen.state === 'running'));
      await ask('restart?t=5');
      const second = await eventually('told of the restart', () => {
        const last = told.at(-1);
        return last?.state === 'running' && first.state === 'running' && last.run.id !== first.run.id ? last : null;
      });
      await ask('stop?t=5');
      const end = await eventually('told of the stop', () =>
        told.find((seen) => seen.state === 'exited' && seen.run.id === second.run.id),
      );
      assert.ok(end.state === 'exited');
      assert.equal(end.fate, 'stopped');
    });

    it('is not taken for stopped by hand after a signal that only asks it to read its files again', async (context) => {
      const { driver, told, ask } = await make(context, 'trap : HUP; while :; do sleep 0.1; done');
      const started = await driver.start();
      await ask('kill?signal=HUP');
      assert.ok(started.ok && started.run.pid);
      kill(started.run.pid);
      assert.equal((await exited(told)).fate, undefined);
    });

    it('says that its memory was used up', async (context) => {
      const HostConfig = { Memory: 8_000_000, MemorySwap: 8_000_000 };
      const { driver, told, container } = await make(context, 'sleep 0.1; exec tail /dev/zero', { HostConfig });
      await driver.start();
      const end = await exited(told);
      assert.deepEqual(end.reason, { code: 'container-oom', args: { container } });
    });

    it('says how its own check of its health goes', async (context) => {
      const Healthcheck = {
        Test: ['CMD-SHELL', 'test -e /tmp/well || { echo not well; exit 1; }'],
        Interval: 100_000_000,
        Timeout: 2_000_000_000,
        Retries: 2,
      };
      const { driver, container } = await make(context, forever, { Healthcheck });
      await driver.start();
      const ill = await eventually('unhealthy', async () => {
        const health = await driver.health();
        return health?.status === 'unhealthy' ? health : null;
      });
      assert.ok(ill.failing >= 2);
      assert.equal(ill.output, 'not well');
      const said = await driver.measure();
      assert.deepEqual([said.verdict, said.reason?.code], ['unhealthy', 'container-unhealthy']);
      assert.match(
        sayReason('en', said.reason ?? reason('')),
        /^the own check of .* failed \d+ times in a row: not well$/,
      );
      const exec = await docker.api('POST', `/containers/${container}/exec`, { Cmd: ['touch', '/tmp/well'] });
      assert.ok(typeof exec === 'object' && exec !== null && 'Id' in exec);
      await docker.api('POST', `/exec/${exec.Id}/start`, { Detach: true });
      await eventually('healthy', async () => (await driver.health())?.status === 'healthy');
      const none = await make(context, forever);
      assert.deepEqual(await none.driver.health(), { status: 'none', failing: 0, output: '', paused: false });
    });

    it('gives its last lines, of both streams and of a terminal', async (context) => {
      const script = 'for n in 1 2 3; do echo out $n; echo err $n >&2; done; exec sleep 1000';
      for (const Tty of [false, true]) {
        const { driver } = await make(context, script, { Tty });
        await driver.start();
        const lines = await eventually('all lines', async () => {
          const found = await driver.logs(10);
          return found.length === 6 ? found : null;
        });
        assert.deepEqual([...lines].sort(), ['err 1', 'err 2', 'err 3', 'out 1', 'out 2', 'out 3']);
        const ours = lines.filter((line) => line.startsWith('out'));
        assert.deepEqual(ours, ['out 1', 'out 2', 'out 3']);
        assert.equal((await driver.logs(2)).length, 2);
        assert.deepEqual(await driver.logs(0), []);
      }
    });

    it('says what it uses, and that one that is down uses nothing', async (context) => {
      const { driver } = await make(context, 'while :; do :; done');
      assert.equal((await driver.stats()).ok, false);
      await driver.start();
      const first = await eventually('one process that uses memory', async () => {
        const next = await driver.stats();
        return next.ok && next.stats.memory > 0 && next.stats.processes === 1 ? next.stats : null;
      });
      const more = await eventually('CPU time to grow', async () => {
        const next = await driver.stats();
        return next.ok && next.stats.cpuNs > first.cpuNs ? next.stats : null;
      });
      assert.ok(more.at >= first.at);
    });

    it('is measured as the engine measures: processor, memory, network; frozen is not well', async (context) => {
      const { driver, ask } = await make(context, 'while :; do :; done');
      assert.equal((await driver.measure()).verdict, 'unknown');
      await driver.start();
      const { metrics } = await eventually('a share of a processor', async () => {
        const next = await driver.measure();
        return next.verdict === 'healthy' && next.metrics.some(({ name, value }) => name === 'cpu' && value > 0)
          ? next
          : null;
      });
      assert.deepEqual(
        metrics.map(({ name, unit }) => [name, unit]),
        [
          ['cpu', '%'],
          ['received', 'bytes_per_s'],
          ['sent', 'bytes_per_s'],
          ['memory', 'bytes'],
          ['memory_share', '%'],
          ['processes', 'count'],
        ],
      );
      await ask('pause');
      assert.equal((await driver.measure()).reason?.code, 'container-paused');
      await ask('unpause');
      assert.equal((await driver.measure()).verdict, 'healthy');
    });

    it('goes on from a pause with a start, and is stopped out of one', async (context) => {
      const { driver, ask } = await make(context, forever);
      await driver.start();
      await ask('pause');
      assert.equal((await driver.inspect()).state, 'running');
      const resumed = await driver.start();
      assert.ok(resumed.ok);
      await ask('pause');
      assert.equal((await driver.stop()).ok, true);
    });
  });

  describe('a container with a restart policy of its own', () => {
    it('is left to it and counted, each end with its code, until the engine gives up; then a start helps', async (context) => {
      const HostConfig = { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } };
      const { driver, told } = await make(context, 'sleep 0.1; exit 3', { HostConfig });
      await driver.start();
      const last = await eventually('told that the engine gave up', () =>
        told.find((seen) => seen.state === 'exited' && seen.fate === 'left'),
      );
      assert.ok(last.state === 'exited');
      assert.equal(last.reason?.code, 'container-restart-limit');
      const restarts = told.flatMap((seen) => (seen.state === 'running' ? [seen.restarts] : []));
      assert.deepEqual(restarts, [1, 2]);
      const ends = told.flatMap((seen) => (seen.state === 'exited' ? [[seen.exit.code, seen.fate]] : []));
      assert.deepEqual(ends, [
        [3, 'restarts'],
        [3, 'restarts'],
        [3, 'left'],
      ]);
      assert.deepEqual(await driver.inspect(), last);
      assert.equal((await driver.start()).ok, true);
    });

    it('uptime-kuma#5369: is known to be down while it waits for its restart; a start does not wait, a stop calls it off', async (context) => {
      const { driver } = await make(context, 'exit 4', always);
      await driver.start();
      // The engine waits longer each time.
      const waiting = async () => {
        const seen = await driver.inspect();
        return seen.state === 'exited' && seen.fate === 'restarts' ? seen : null;
      };
      const end = await eventually('waiting', waiting);
      assert.equal(end.exit.code, 4);
      const started = await driver.start();
      assert.ok(started.ok, JSON.stringify(started));
      assert.notEqual(started.run.id, end.run.id);
      await eventually('waiting again', waiting);
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      const seen = await driver.inspect();
      assert.ok(seen.state === 'exited' && seen.fate === 'stopped', JSON.stringify(seen));
    });

    it('is left down, in the engine’s words, when the engine itself cannot start it again; nobody stopped it', async (context) => {
      const { driver, told } = await make(context, 'rm /bin/sh /bin/busybox; exit 1', always);
      await driver.start();
      const last = await eventually('told that it is left down', () => {
        const end = told.at(-1);
        return end?.state === 'exited' && end.fate === 'left' ? end : null;
      });
      assert.equal(last.reason?.code, 'docker-refused');
      assert.match(String(last.reason?.args?.problem), /executable file not found/);
    });

    it('is taken over where the configuration says so: no restart but the manager’s', async (context) => {
      const { driver, told, container } = await make(context, 'sleep 0.1; exit 5', always, { takeover: true });
      const started = await driver.start();
      assert.ok(started.ok);
      const end = await exited(told);
      assert.deepEqual([end.run.id, end.exit.code, end.fate], [started.run.id, 5, undefined]);
      const policy = JSON.stringify(await docker.api('GET', `/containers/${container}/json`));
      assert.match(policy, /"RestartPolicy":\{"Name":"no"/);
      const again = await driver.start();
      assert.ok(again.ok && again.run.id !== started.run.id);
    });
  });

  describe('a container of a compose project', () => {
    const labels = (service: string) => ({
      Labels: {
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': service,
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
      },
    });

    it('is found by its service, told of, and found again when compose has made it anew', async (context) => {
      await docker.create('shop-web-1', forever, labels('web'));
      const alone = drive(context, { compose_project: 'shop' });
      assert.equal((await alone.driver.start()).ok, true);
      await docker.create('shop-db-1', forever, labels('db'));
      const { driver, told } = drive(context, { compose_project: 'shop', compose_service: 'web' });
      const seen = await driver.inspect();
      assert.ok(seen.state === 'running');

      const both = await alone.driver.inspect();
      const args = { project: 'shop', containers: 'shop-db-1, shop-web-1' };
      assert.deepEqual(both, { state: 'unknown', reason: { code: 'containers-several', args } });

      await docker.api('POST', '/containers/shop-web-1/rename?name=old-shop-web-1');
      await docker.create('shop-web-1', forever, labels('web'));
      await docker.api('POST', '/containers/old-shop-web-1/stop?t=5');
      await docker.api('POST', '/containers/shop-web-1/start');
      await docker.api('DELETE', '/containers/old-shop-web-1');
      await eventually('told of the new one', () => {
        const last = told.at(-1);
        return last?.state === 'running' && last.run.id !== seen.run.id;
      });
      await docker.api('POST', '/containers/shop-web-1/kill');
      await exited(told);
    });

    it('is missing when there is no such project', async (context) => {
      const { driver } = drive(context, { compose_project: 'nowhere' });
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
    });
  });

  describe('a container that cannot be started', () => {
    it('says that it is not there', async (context) => {
      const { driver } = drive(context, { container: 'nowhere' });
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
      const reason = { code: 'container-missing', args: { container: 'nowhere' } };
      assert.deepEqual(await driver.start(), { ok: false, fatal: true, reason });
      assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
      assert.deepEqual(await driver.logs(5), []);
      assert.equal(await driver.health(), null);
    });

    it('says in the engine’s words that its command is not there, and that trying again is no use', async (context) => {
      const { driver } = await make(context, '', { Cmd: ['/nowhere/at/all'] });
      const result = await driver.start();
      assert.ok(!result.ok);
      assert.deepEqual([result.fatal, result.reason.code], [true, 'docker-refused']);
      assert.match(String(result.reason.args?.problem), /nowhere/);
    });

    it('says what may pass: something else is in its way', async (context) => {
      const HostConfig = { NetworkMode: 'container:nowhere' };
      const { driver } = await make(context, forever, { HostConfig });
      const result = await driver.start();
      assert.ok(!result.ok);
      assert.deepEqual([result.fatal, result.reason.code], [false, 'docker-refused'], JSON.stringify(result));
    });

    it('tells how it ended although it was removed at once', async (context) => {
      const { driver, told, container } = await make(context, 'sleep 0.2; exit 6', {
        HostConfig: { AutoRemove: true },
      });
      const started = await driver.start();
      assert.ok(started.ok);
      const end = await eventually('told of the end', () => told.find((seen) => seen.state === 'exited'));
      assert.ok(end.state === 'exited');
      assert.deepEqual([end.run.id, end.exit.code], [started.run.id, 6]);
      await eventually('gone', async () => (await driver.inspect()).state === 'absent');
      await docker.create(container, forever);
      await docker.api('POST', `/containers/${container}/start`);
      await eventually('told of its successor', () => told.at(-1)?.state === 'running');
    });
  });
});
