import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { createSystemdDriver, type SystemdOptions } from '../../src/drivers/systemd.ts';
import { type PrivateSystemd, startSystemd } from '../world/systemd.ts';
import { answersFirst, keepsOneRun } from './contract.ts';
import { eventually, exited, listen } from './playground.ts';

let systemd: PrivateSystemd;

let count = 0;

/** A unit of its own for each test, and a driver for it. */
async function make(context: TestContext, lines: readonly string[], more: Partial<SystemdOptions> = {}) {
  count += 1;
  const unit = `test${count}.service`;
  await systemd.unit(unit, ['[Service]', ...lines]);
  const another = () => drive(context, unit, more);
  return { unit, another, ...another(), show: (property: string) => show(unit, property) };
}

function drive(context: TestContext, unit: string, more: Partial<SystemdOptions> = {}) {
  const driver = createSystemdDriver({
    name: 'bot',
    unit,
    user: false,
    stop_timeout: 5000,
    takeover: false,
    clock: Date.now,
    reach: { endpoints: [{ path: systemd.systemBus, direct: false }], journal: systemd.journal },
    ...more,
  });
  context.after(() => driver.close());
  return { driver, told: listen(driver) };
}

/** What systemctl says of it: a second pair of eyes. */
async function show(unit: string, property: string): Promise<string> {
  return (await systemd.inside('systemctl', 'show', '--value', '--property', property, unit)).trim();
}

const systemctl = (...args: string[]) => systemd.inside('systemctl', ...args);
const forever = 'ExecStart=/bin/sleep 1000';

describe('the systemd driver', () => {
  before(async () => {
    systemd = await startSystemd();
  });
  after(() => systemd.end());

  describe('a unit of systemd', () => {
    it('starts, is seen as systemctl sees it, and stops', async (context) => {
      const { driver, show } = await make(context, [forever]);
      assert.deepEqual(await driver.inspect(), { state: 'absent' });
      const started = await driver.start();
      assert.ok(started.ok, JSON.stringify(started));
      assert.equal(String(started.run.pid), await show('MainPID'));
      assert.equal(started.run.id, await show('InvocationID'));
      assert.ok(Math.abs(started.run.startedAt - Date.now()) < 60_000);
      assert.deepEqual(await driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.equal(stopped.exit?.signal, 'SIGTERM');
      assert.deepEqual(stopped.killed, []);
      assert.equal(await show('ActiveState'), 'inactive');
      assert.deepEqual(await driver.inspect(), { state: 'exited', run: started.run, exit: stopped.exit });
    });

    it('gives the running run to a second start, and does nothing for a second stop', async (context) => {
      const { driver } = await make(context, [forever]);
      await keepsOneRun(driver);
    });

    it('tells the exit code of a death, and the signal', async (context) => {
      const { driver, told, unit } = await make(context, ['ExecStart=/bin/sh -c "sleep 0.1; exit 3"']);
      const started = await driver.start();
      assert.ok(started.ok);
      const end = await exited(told);
      assert.equal(end.run.id, started.run.id);
      assert.deepEqual([end.exit.code, end.exit.signal, end.fate], [3, null, undefined]);
      const other = await make(context, [forever]);
      await other.driver.start();
      await systemctl('kill', '--signal=SIGKILL', other.unit);
      const killed = await exited(other.told);
      assert.deepEqual([killed.exit.code, killed.exit.signal, killed.fate], [null, 'SIGKILL', undefined]);
      assert.equal(await show(unit, 'ExecMainStatus'), '3');
    });

    it('answers the start first, and tells the end of one that ends at once after it', async (context) => {
      const { driver, told } = await make(context, ['ExecStart=/bin/true']);
      await answersFirst(driver, told);
    });

    it('takes over a unit that runs already, and knows how it ended while no manager was there', async (context) => {
      const { driver, another } = await make(context, [forever]);
      const started = await driver.start();
      await driver.close();
      const second = another();
      const seen = await second.driver.inspect();
      assert.ok(started.ok && seen.state === 'running');
      assert.deepEqual(seen.run, started.run);
      await second.driver.close();
      await systemctl('kill', '--signal=SIGABRT', 'test*');
      const third = another();
      const later = await eventually('seen as ended', async () => {
        const now = await third.driver.inspect();
        return now.state === 'exited' ? now : null;
      });
      assert.deepEqual([later.run.id, later.exit.signal], [started.run.id, 'SIGABRT']);
    });

    it('kills what does not go in time, children included, and names it', async (context) => {
      const lines = [`ExecStart=/bin/sh -c "trap '' TERM; sh -c 'trap \\"\\" TERM; while :; do sleep 1; done'; :"`];
      const { driver, show } = await make(context, lines, { stop_timeout: 300 });
      await driver.start();
      const main = await show('MainPID');
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.ok(stopped.killed.includes(`sh (${main})`), stopped.killed.join());
      assert.ok(stopped.killed.length >= 2, stopped.killed.join());
      assert.equal(stopped.exit?.signal, 'SIGKILL');
      assert.equal(await show('ActiveState'), 'failed');
    });

    it('says so when systemd itself had to kill, because the time of the unit is shorter', async (context) => {
      const lines = [`ExecStart=/bin/sh -c "trap '' TERM; while :; do sleep 1; done"`, 'TimeoutStopSec=300ms'];
      const { driver, show } = await make(context, lines);
      await driver.start();
      const main = await show('MainPID');
      const stopped = await driver.stop();
      assert.ok(stopped.ok, JSON.stringify(stopped));
      assert.deepEqual(stopped.killed, [`sh (${main})`]);
    });

    it('tells a death at once although a child that ignores SIGTERM holds the unit, and starts it all the same', async (context) => {
      const stubborn = `sh -c 'trap \\"\\" TERM; while :; do sleep 1; done'`;
      const { driver, told, show } = await make(context, [`ExecStart=/bin/sh -c "${stubborn} & sleep 0.2; exit 4"`], {
        stop_timeout: 300,
      });
      await driver.start();
      const end = await exited(told);
      assert.equal(end.exit.code, 4);
      assert.equal(await show('ActiveState'), 'deactivating');
      const again = await driver.start();
      assert.ok(again.ok, JSON.stringify(again));
      assert.notEqual(again.run.id, end.run.id);
    });

    it('tells of a start, a restart and a stop by hand, and that the stop was somebody’s wish', async (context) => {
      const { driver, told, unit } = await make(context, [forever]);
      await driver.inspect();
      await systemctl('start', unit);
      const first = await eventually('told of the start', () => told.find((seen) => seen.state === 'running'));
      await systemctl('restart', unit);
      await eventually('told of the restart', () =>
        told.find((seen) => seen.state === 'running' && first.state === 'running' && seen.run.id !== first.run.id),
      );
      await systemctl('stop', unit);
      const end = await eventually('told of the stop', () =>
        told.find((seen) => seen.state === 'exited' && seen.run.id !== (first.state === 'running' && first.run.id)),
      );
      assert.ok(end.state === 'exited');
      assert.equal(end.fate, 'stopped');
    });

    it('that only sets things up is up without a process, which nobody then misses', async (context) => {
      const { driver } = await make(context, ['Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/true']);
      const started = await driver.start();
      assert.ok(started.ok, JSON.stringify(started));
      assert.equal(started.run.pid, null);
      assert.deepEqual(await driver.inspect(), { state: 'running', run: started.run, restarts: 0 });
    });

    it('of type oneshot is done when it has ended well, and stopped when somebody stopped it', async (context) => {
      const job = await make(context, ['Type=oneshot', 'ExecStart=/bin/sh -c "sleep 0.3"']);
      assert.equal((await job.driver.start()).ok, true);
      assert.equal((await exited(job.told)).fate, 'done');

      const long = await make(context, ['Type=oneshot', forever]);
      await long.driver.inspect();
      await systemctl('start', '--no-block', long.unit);
      await eventually('running by other means', () => long.told.at(-1)?.state === 'running');
      await systemctl('stop', long.unit);
      assert.equal((await exited(long.told)).fate, 'stopped');

      const set = await make(context, ['Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/true']);
      assert.equal((await set.driver.start()).ok, true);
      await systemctl('stop', set.unit);
      assert.equal((await exited(set.told)).fate, 'stopped');
    });

    it('that fails to start says how that run ended; of the same end there is no other news', async (context) => {
      const { driver, told } = await make(context, ['Type=oneshot', 'ExecStart=/bin/sh -c "exit 3"']);
      const started = await driver.start();
      assert.ok(!started.ok && started.ended, JSON.stringify(started));
      assert.deepEqual([started.fatal, started.ended.exit.code], [false, 3]);
      const end = told.find((seen) => seen.state === 'exited');
      assert.ok(end === undefined || end.run.id === started.ended.run.id);
    });

    it('gives the last lines of the journal', async (context) => {
      const { driver } = await make(context, [
        'ExecStart=/bin/sh -c "for n in 1 2 3; do echo line $n; done; sleep 1000"',
      ]);
      await driver.start();
      // systemd's own word on the start comes in between somewhere.
      const lines = await eventually('all lines', async () => {
        const own = (await driver.logs(10)).filter((line) => line.startsWith('line'));
        return own.length === 3 ? own : null;
      });
      assert.deepEqual(lines, ['line 1', 'line 2', 'line 3']);
      assert.equal((await driver.logs(2)).length, 2);
      assert.deepEqual(await driver.logs(0), []);
    });
  });

  describe('a unit that restarts itself', () => {
    it('is left to do so and counted, each end with its code, until systemd gives up; then a start helps', async (context) => {
      const { driver, told, show } = await make(context, [
        'Restart=on-failure',
        'RestartSec=20ms',
        'ExecStart=/bin/sh -c "sleep 0.1; exit 3"',
      ]);
      const started = await driver.start();
      assert.ok(started.ok);
      const last = await eventually('told that systemd gave up', () =>
        told.find((seen) => seen.state === 'exited' && seen.fate === 'left'),
      );
      assert.ok(last.state === 'exited');
      assert.equal(last.reason?.code, 'unit-start-limit');
      assert.equal(await show('ActiveState'), 'failed');
      const restarts = told.flatMap((seen) => (seen.state === 'running' ? [seen.restarts] : []));
      assert.deepEqual(restarts, [1, 2, 3, 4]);
      const ends = told.flatMap((seen) => (seen.state === 'exited' ? [[seen.exit.code, seen.fate]] : []));
      assert.deepEqual(ends, [...Array(5).fill([3, 'restarts']), [3, 'left']]);
      assert.deepEqual(await driver.inspect(), last);
      const again = await driver.start();
      assert.ok(again.ok, JSON.stringify(again));
    });

    it('is known to be down, not dead for good, while it waits for its restart; a stop calls that off', async (context) => {
      const { driver, told, show } = await make(context, ['Restart=always', 'RestartSec=1h', forever]);
      await driver.start();
      await systemctl('kill', '--signal=SIGSEGV', 'test*');
      const end = await exited(told);
      assert.deepEqual([end.fate, end.exit.signal], ['restarts', 'SIGSEGV']);
      await eventually('waiting', async () => (await show('SubState')) === 'auto-restart');
      assert.deepEqual(await driver.inspect(), end);
      assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
      assert.equal(await show('ActiveState'), 'inactive');
    });

    it('is left down by us when its own policy leaves it down', async (context) => {
      const { driver, told } = await make(context, ['Restart=on-failure', 'ExecStart=/bin/sh -c "sleep 0.1; exit 0"']);
      await driver.start();
      const end = await exited(told);
      assert.deepEqual([end.fate, end.exit.code], ['left', 0]);
    });

    it('is taken over where the configuration says so: no restart but the manager’s', async (context) => {
      const { driver, told, show } = await make(
        context,
        ['Restart=always', 'RestartSec=300ms', 'ExecStart=/bin/sh -c "sleep 0.1; exit 5"'],
        { takeover: true },
      );
      const started = await driver.start();
      assert.ok(started.ok);
      const end = await exited(told);
      assert.deepEqual([end.fate, end.exit.code], [undefined, 5]);
      await eventually('called off', async () => (await show('ActiveState')) === 'inactive');
      assert.equal(await show('NRestarts'), '0');
      assert.equal(told.length, 1);
      const again = await driver.start();
      assert.ok(again.ok && again.run.id !== started.run.id);
    });
  });

  describe('a unit that cannot be started', () => {
    const cases: readonly [string, readonly string[], string][] = [
      ['a command that is not there', ['ExecStart=/nowhere/at/all'], 'unit-setup'],
      ['a user that is not there', ['User=nobody-of-that-name', forever], 'unit-setup'],
      ['a folder that is not there', ['WorkingDirectory=/nowhere', forever], 'unit-setup'],
      ['nothing to start', ['Type=simple'], 'unit-broken'],
    ];
    for (const [what, lines, code] of cases)
      it(`says in words why: ${what}`, async (context) => {
        const { driver } = await make(context, ['Type=exec', ...lines]);
        const result = await driver.start();
        assert.ok(!result.ok, JSON.stringify(result));
        assert.deepEqual([result.fatal, result.reason.code], [true, code]);
      });

    it('says that there is no such unit, that it is masked, that its name is none', async (context) => {
      const missing = drive(context, 'nowhere.service');
      assert.deepEqual(await missing.driver.inspect(), { state: 'absent' });
      const result = await missing.driver.start();
      assert.ok(!result.ok);
      assert.deepEqual([result.fatal, result.reason.code], [true, 'unit-not-found']);
      assert.deepEqual(await missing.driver.stop(), { ok: true, exit: null, killed: [] });

      const { driver, unit } = await make(context, [forever]);
      await systemctl('mask', unit);
      const masked = await driver.start();
      assert.ok(!masked.ok);
      assert.deepEqual([masked.fatal, masked.reason.code], [true, 'unit-masked']);

      const odd = await drive(context, 'no such name.service').driver.start();
      assert.ok(!odd.ok);
      assert.deepEqual([odd.fatal, odd.reason.code], [true, 'unit-name-invalid']);
    });

    it('tells apart what may pass: a service that dies before it is ready, a dependency that fails', async (context) => {
      const { driver, unit } = await make(context, ['Type=notify', 'ExecStart=/bin/sh -c "exit 9"']);
      const died = await driver.start();
      assert.ok(!died.ok);
      assert.deepEqual([died.fatal, died.reason], [false, { code: 'unit-start-code', args: { unit, code: '9' } }]);
      await systemd.unit('needy.service', ['[Unit]', `Requires=${unit}`, `After=${unit}`, '[Service]', forever]);
      const needy = await drive(context, 'needy.service').driver.start();
      assert.ok(!needy.ok);
      assert.deepEqual([needy.fatal, needy.reason.code, needy.reason.args?.result], [false, 'unit-job', 'dependency']);
    });

    it('says that a condition is not met', async (context) => {
      await systemd.unit('picky.service', ['[Unit]', 'ConditionPathExists=/nowhere', '[Service]', forever]);
      const result = await drive(context, 'picky.service').driver.start();
      assert.ok(!result.ok);
      assert.deepEqual([result.fatal, result.reason.code], [true, 'unit-condition']);
    });
  });
});
