import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createProjectDriver } from '../../src/drivers/docker-project.ts';
import { type ContainerMore, type PrivateDocker, startDocker } from '../world/docker.ts';
import { eventually, exited, kill, listen } from './playground.ts';

let docker: PrivateDocker;
let count = 0;

/** The first process of a container's namespace ignores what it does not handle. */
const forever = 'trap "exit 0" TERM; while :; do sleep 0.1; done';

interface Service extends ContainerMore {
  readonly script: string;
  /** As compose writes it on the container. */
  readonly needs?: string;
}

/** A project as `docker compose create` leaves it, and a driver for it. */
async function make(context: TestContext, services: Readonly<Record<string, Service>>) {
  count += 1;
  const project = `shop${count}`;
  const add = async (service: string, { script, needs = '', ...more }: Service) =>
    await docker.create(`${project}-${service}-1`, script, {
      ...more,
      Labels: {
        'com.docker.compose.project': project,
        'com.docker.compose.service': service,
        'com.docker.compose.container-number': '1',
        'com.docker.compose.oneoff': 'False',
        'com.docker.compose.depends_on': needs,
      },
    });
  for (const [service, made] of Object.entries(services)) await add(service, made);
  const another = () => {
    const { socket } = docker;
    const driver = createProjectDriver({
      ...{ name: 'shop', project, socket, stop_timeout: 5000, takeover: false, clock: Date.now },
    });
    context.after(() => driver.close());
    return { driver, told: listen(driver) };
  };
  const ask = (service: string, verb: string) => docker.api('POST', `/containers/${project}-${service}-1/${verb}`);
  return { project, add, another, ...another(), ask, stateOf: (service: string) => stateOf(project, service) };
}

async function stateOf(project: string, service: string) {
  const found = await docker.api('GET', `/containers/${project}-${service}-1/json`);
  assert.ok(typeof found === 'object' && found !== null && 'State' in found);
  const { State } = found;
  assert.ok(
    typeof State === 'object' && State !== null && 'Pid' in State && 'StartedAt' in State && 'FinishedAt' in State,
  );
  return { pid: Number(State.Pid), startedAt: String(State.StartedAt), finishedAt: String(State.FinishedAt) };
}

const both = { web: { script: forever, needs: 'db:service_started:false' }, db: { script: forever } };

describe('a compose project of several containers', () => {
  before(async () => {
    docker = await startDocker();
  });
  after(() => docker.end());

  it('starts in the order of what depends on what, is one service, and stops in reverse', async (context) => {
    const { driver, stateOf } = await make(context, both);
    assert.deepEqual(await driver.inspect(), { state: 'absent' });
    const started = await driver.start();
    assert.ok(started.ok, JSON.stringify(started));
    assert.deepEqual(await driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
    assert.deepEqual(await driver.start(), started, 'what runs is left as it is');
    assert.ok((await stateOf('db')).startedAt < (await stateOf('web')).startedAt);
    const stopped = await driver.stop();
    assert.ok(stopped.ok, JSON.stringify(stopped));
    assert.deepEqual([stopped.exit?.code, stopped.killed], [0, []]);
    assert.ok((await stateOf('web')).finishedAt < (await stateOf('db')).finishedAt);
    assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
  });

  it('is down as soon as one of them is, and says which; a start brings back that one and leaves the other', async (context) => {
    const { driver, told, project, stateOf } = await make(context, both);
    const started = await driver.start();
    assert.ok(started.ok);
    const web = await stateOf('web');
    kill((await stateOf('db')).pid);
    const end = await exited(told);
    assert.deepEqual([end.run.id, end.exit.signal, end.fate], [started.run.id, 'SIGKILL', undefined]);
    assert.deepEqual(end.reason, { code: 'project-container-down', args: { container: `${project}-db-1` } });
    const again = await driver.start();
    assert.ok(again.ok);
    assert.notEqual(again.run.id, started.run.id);
    assert.deepEqual(await stateOf('web'), web);
  });

  it('is taken over as it is by the next manager, which learns what died meanwhile', async (context) => {
    const { driver, another, stateOf } = await make(context, both);
    const started = await driver.start();
    assert.ok(started.ok);
    await driver.close();
    const second = another();
    assert.deepEqual(await second.driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
    await second.driver.close();
    kill((await stateOf('web')).pid);
    const third = another();
    const end = await eventually('seen as ended', async () => {
      const seen = await third.driver.inspect();
      return seen.state === 'exited' ? seen : null;
    });
    assert.deepEqual([end.run.id, end.exit.signal], [started.run.id, 'SIGKILL']);
  });

  it('runs on when a job has done its work, and does it again only with a start of everything', async (context) => {
    const { driver, told, stateOf } = await make(context, {
      ...both,
      migrate: { script: 'true', needs: 'db:service_started:false' },
      web: { script: forever, needs: 'migrate:service_completed_successfully:false' },
    });
    const started = await driver.start();
    assert.ok(started.ok, JSON.stringify(started));
    const job = await stateOf('migrate');
    assert.ok(job.finishedAt <= (await stateOf('web')).startedAt, 'the web waited for it');
    assert.equal((await driver.inspect()).state, 'running');
    kill((await stateOf('web')).pid);
    await exited(told);
    assert.equal((await driver.start()).ok, true);
    assert.equal((await stateOf('migrate')).startedAt, job.startedAt);
    await driver.stop();
    assert.equal((await driver.start()).ok, true);
    assert.notEqual((await stateOf('migrate')).startedAt, job.startedAt);
  });

  it('waits for what has to be healthy first', async (context) => {
    const Healthcheck = { Test: ['CMD-SHELL', 'test -e /tmp/well'], Interval: 100_000_000, Retries: 100 };
    const { driver, stateOf } = await make(context, {
      db: { script: 'sleep 1; touch /tmp/well; exec sleep 1000', Healthcheck },
      web: { script: forever, needs: 'db:service_healthy:true' },
    });
    assert.equal((await driver.start()).ok, true);
    const waited = Date.parse((await stateOf('web')).startedAt) - Date.parse((await stateOf('db')).startedAt);
    assert.ok(waited >= 1000, `${waited} ms`);
  });

  it('a container that another policy restarts is left to it; one stopped by hand is somebody’s wish', async (context) => {
    const { driver, told, ask, stateOf } = await make(context, {
      ...both,
      db: { script: forever, HostConfig: { RestartPolicy: { Name: 'always' } } },
    });
    await driver.start();
    kill((await stateOf('db')).pid);
    const end = await exited(told);
    assert.equal(end.fate, 'restarts');
    await eventually('told that it is back', () => told.at(-1)?.state === 'running');
    await ask('web', 'stop?t=5');
    const stopped = await exited(told);
    assert.equal(stopped.fate, 'stopped');
  });

  it('stopped as a whole by hand is somebody’s wish, whatever jobs had done their work before', async (context) => {
    const { driver, told, ask } = await make(context, { ...both, migrate: { script: 'true' } });
    assert.equal((await driver.start()).ok, true);
    await eventually('the job is done', async () => (await driver.inspect()).state === 'running');
    for (const service of ['web', 'db']) await ask(service, 'stop?t=1');
    const seen = await driver.inspect();
    assert.ok(seen.state === 'exited');
    assert.equal(seen.fate, 'stopped');
    assert.ok(
      told.every((each) => each.state !== 'exited' || each.fate === 'stopped'),
      JSON.stringify(told),
    );
  });

  it('learns of containers that come and go', async (context) => {
    const { driver, told, add, ask, project } = await make(context, both);
    const started = await driver.start();
    assert.ok(started.ok);
    await add('cache', { script: forever });
    await ask('cache', 'start');
    await eventually('told of another life', () => {
      const last = told.at(-1);
      return last?.state === 'running' && last.run.id !== started.run.id;
    });
    for (const service of ['web', 'db', 'cache'])
      await docker.api('DELETE', `/containers/${project}-${service}-1?force=true`);
    await eventually('gone', async () => (await driver.inspect()).state === 'absent');
    const refused = await driver.start();
    assert.deepEqual(refused.ok ? null : [refused.fatal, refused.reason.code], [true, 'container-missing']);
  });

  it('gives the lines of all, in order, each with its container; and what all use together', async (context) => {
    const { driver, project, ask, stateOf } = await make(context, {
      db: { script: 'echo ready; exec sleep 1000' },
      web: { script: 'echo serving; exec sleep 1000', needs: 'db:service_started:false' },
    });
    await driver.start();
    const lines = await eventually('both lines', async () => {
      const found = await driver.logs(10);
      return found.length === 2 ? found : null;
    });
    assert.deepEqual(lines, [`${project}-db-1 | ready`, `${project}-web-1 | serving`]);
    assert.deepEqual(await driver.logs(1), [`${project}-web-1 | serving`]);
    const measured = await driver.measure?.();
    assert.equal(measured?.verdict, 'healthy');
    assert.equal(measured.metrics.find(({ name }) => name === 'processes')?.value, 2);
    await ask('db', 'pause');
    assert.equal((await driver.measure?.())?.reason?.code, 'container-paused');
    await ask('db', 'unpause');
    kill((await stateOf('web')).pid);
    await eventually('down', async () => (await driver.inspect()).state === 'exited');
    assert.equal((await driver.measure?.())?.reason?.code, 'project-container-down');
  });

  it('says so when one of them cannot be started', async (context) => {
    const { driver } = await make(context, { ...both, web: { script: '', Cmd: ['/no/such/program'] } });
    const refused = await driver.start();
    assert.deepEqual(refused.ok ? null : [refused.fatal, refused.reason.code], [true, 'docker-refused']);
  });
});
