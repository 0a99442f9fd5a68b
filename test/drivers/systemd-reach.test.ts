import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '../../src/drivers/dbus/connection.ts';
import { systemdReach } from '../../src/drivers/systemd/reach.ts';
import { createSystemdDriver } from '../../src/drivers/systemd.ts';
import { startRelay } from '../world/relay.ts';
import { type PrivateSystemd, startSystemd } from '../world/systemd.ts';
import { eventually, exited, listen, makeFolder } from './playground.ts';

let systemd: PrivateSystemd;

const forever = ['[Service]', 'ExecStart=/bin/sleep 1000'];

function drive(context: TestContext, unit: string, endpoints: readonly Endpoint[]) {
  const driver = createSystemdDriver({
    name: 'bot',
    unit,
    user: false,
    stop_timeout: 5000,
    takeover: false,
    clock: Date.now,
    reach: { endpoints, journal: systemd.journal },
  });
  context.after(() => driver.close());
  return { driver, told: listen(driver) };
}

const bus = (): Endpoint[] => [{ path: systemd.systemBus, direct: false }];

/** Runs systemd-visitor.ts among systemd's own processes, as `uid`. */
async function visit(uid: number, ...args: string[]) {
  const visitor = fileURLToPath(new URL('systemd-visitor.ts', import.meta.url));
  const user = ['--reuid', String(uid), '--regid', String(uid), '--groups', 'systemd-journal'];
  const command = [process.execPath, '--import', import.meta.resolve('tsx'), visitor, ...args];
  const output = await systemd.inside('sh', '-c', 'exec "$@" 2>&1', 'sh', 'setpriv', ...user, ...command);
  assert.match(output, /^\{.*\}$/);
  return JSON.parse(output);
}

describe('the way to systemd', () => {
  before(async () => {
    systemd = await startSystemd();
  });
  after(() => systemd.end());

  describe('reaching systemd', () => {
    it('says that there is none, and never that a service is dead', async (context) => {
      const { driver } = drive(context, 'a.service', [
        { path: join(systemd.runFolder, 'nowhere'), direct: false },
        { path: join(systemd.runFolder, 'nowhere-else'), direct: true },
      ]);
      assert.deepEqual(await driver.inspect(), { state: 'unknown', reason: { code: 'systemd-absent' } });
      assert.deepEqual(await driver.start(), { ok: false, fatal: false, reason: { code: 'systemd-absent' } });
      const stopped = await driver.stop();
      assert.ok(!stopped.ok);
      assert.equal(stopped.reason.code, 'systemd-absent');
    });

    it('says of a user without a systemd of their own how they get one', async (context) => {
      const folder = join(systemd.runFolder, 'nobody-here');
      const driver = createSystemdDriver({
        ...{ name: 'bot', unit: 'a.service', user: true, stop_timeout: 5000, takeover: false, clock: Date.now },
        reach: systemdReach(true, { XDG_RUNTIME_DIR: folder }),
      });
      context.after(() => driver.close());
      const seen = await driver.inspect();
      const why = { code: 'systemd-user-absent', args: { user: String(process.geteuid?.()), folder } };
      assert.deepEqual(seen, { state: 'unknown', reason: why });
    });

    it('falls back to systemd’s own socket when there is no bus', async () => {
      await systemd.unit('direct.service', forever);
      const life = await visit(0, 'direct.service', '/run/systemd/private', 'direct');
      assert.equal(life.seen.state, 'absent');
      assert.equal(life.told[0].run.id, life.started.run.id);
      assert.deepEqual([life.told[0].state, life.told[0].exit.signal], ['exited', 'SIGKILL']);
      assert.deepEqual([life.stopped.ok, life.stopped.exit.signal], [true, 'SIGTERM']);
      const own = systemdReach(false, {});
      assert.deepEqual(own.endpoints, [
        { path: '/run/dbus/system_bus_socket', direct: false },
        { path: '/run/systemd/private', direct: true },
      ]);
    });

    it('sees everything as a plain user, and is told in words that it may start and stop nothing', async () => {
      await systemd.unit('foreign.service', forever);
      await systemd.inside('systemctl', 'start', 'foreign.service');
      const { seen, stopped } = await visit(65534, 'foreign.service', '/run/dbus/system_bus_socket');
      assert.equal(seen.state, 'running');
      assert.deepEqual([stopped.ok, stopped.reason.code], [false, 'systemd-forbidden']);
      await systemd.inside('systemctl', 'stop', 'foreign.service');
      const { started } = await visit(65534, 'foreign.service', '/run/dbus/system_bus_socket');
      assert.deepEqual([started.ok, started.fatal, started.reason.code], [false, true, 'systemd-forbidden']);
    });

    it('says unknown while the bus is away, comes back by itself, and tells what died meanwhile', async (context) => {
      await systemd.unit('lost.service', forever);
      const { driver, told } = drive(context, 'lost.service', bus());
      await driver.start();
      await systemd.inside('systemctl', 'stop', 'dbus.socket', 'dbus.service');
      const unknown = await eventually('told that systemd is out of reach', () => told.at(-1));
      assert.equal(unknown.state, 'unknown');
      await systemd.inside('systemctl', 'kill', '--signal=SIGKILL', 'lost.service');
      await systemd.inside('systemctl', 'start', 'dbus.socket');
      const end = await exited(told);
      assert.equal(end.exit.signal, 'SIGKILL');
    });

    it('connects again after a break, and tells what died meanwhile', async (context) => {
      await systemd.unit('broken.service', forever);
      const folder = await makeFolder(context);
      const relay = await startRelay(join(folder, 'bus'), systemd.systemBus);
      const { driver, told } = drive(context, 'broken.service', [{ path: relay.path, direct: false }]);
      await driver.start();
      await relay.close();
      await eventually('told that systemd is out of reach', () => told.at(-1)?.state === 'unknown');
      await systemd.inside('systemctl', 'kill', '--signal=SIGKILL', 'broken.service');
      await relay.open();
      context.after(() => relay.close());
      const end = await exited(told);
      assert.equal(end.exit.signal, 'SIGKILL');
    });

    it('does not answer with what was true before the news that came with the answer', async (context) => {
      await systemd.unit('late.service', forever);
      const folder = await makeFolder(context);
      const relay = await startRelay(join(folder, 'bus'), systemd.systemBus);
      context.after(() => relay.close());
      const { driver, told } = drive(context, 'late.service', [{ path: relay.path, direct: false }]);
      assert.equal((await driver.start()).ok, true);
      for (const _ of [1, 2]) await driver.inspect();
      relay.holdAnswersTo('GetAll');
      const asked = driver.inspect();
      await eventually('the answer waits', () => relay.heldBytes() > 0);
      const alone = relay.heldBytes();
      await systemd.inside('systemctl', 'kill', '--signal=SIGKILL', 'late.service');
      await eventually('the news waits behind it', () => relay.heldBytes() > alone + 1000);
      relay.letGo();
      const seen = await asked;
      assert.equal(seen.state, 'exited');
      assert.deepEqual(await driver.inspect(), seen);
      assert.deepEqual(
        told.map(({ state }) => state),
        ['exited'],
      );
    });

    it('goes on hearing of deaths after systemd was started anew in place', async (context) => {
      await systemd.unit('reborn.service', forever);
      const { driver, told } = drive(context, 'reborn.service', bus());
      await driver.start();
      await systemd.inside('systemctl', 'daemon-reexec');
      await eventually('killed', async () => {
        await systemd.inside('systemctl', 'kill', '--signal=SIGKILL', 'reborn.service');
        return (await systemd.inside('systemctl', 'is-active', 'reborn.service')).trim() === 'failed';
      });
      const end = await exited(told);
      assert.equal(end.exit.signal, 'SIGKILL');
      assert.equal((await driver.start()).ok, true);
    });

    it('says so when systemd is stuck', async (context) => {
      await systemd.unit('stuck.service', forever);
      const { driver } = drive(context, 'stuck.service', bus());
      await driver.start();
      systemd.signal('SIGSTOP');
      try {
        assert.deepEqual(await driver.inspect(), { state: 'unknown', reason: { code: 'systemd-silent' } });
      } finally {
        systemd.signal('SIGCONT');
      }
      await eventually('seen again', async () => (await driver.inspect()).state === 'running');
    });

    it('has one connection for all units, and hears of them also when a bus would take no more rules', async (context) => {
      await systemd.unit('last.service', forever);
      const before = openSockets();
      const many = Array.from({ length: 600 }, (_, number) => drive(context, `many${number}.service`, bus()).driver);
      for (const driver of many) assert.deepEqual(await driver.inspect(), { state: 'absent' });
      const { driver, told } = drive(context, 'last.service', bus());
      await driver.start();
      // The look that follows a start is over too: from now on only systemd's own word can tell.
      for (const _ of [1, 2]) await driver.inspect();
      assert.ok(openSockets() <= before + 1);
      await systemd.inside('systemctl', 'kill', '--signal=SIGKILL', 'last.service');
      assert.equal((await exited(told)).exit.signal, 'SIGKILL');
    });
  });

  describe('a unit of a user', () => {
    it('is started, watched, read and stopped by way of the user’s own manager', async () => {
      const manager = await systemd.userManager();
      await manager.unit('mine.service', ['[Service]', 'ExecStart=/bin/sh -c "echo mine; sleep 1000"']);
      const reach = systemdReach(true, { XDG_RUNTIME_DIR: manager.runtimeFolder });
      assert.deepEqual(reach.endpoints, [
        { path: join(manager.runtimeFolder, 'bus'), direct: false },
        { path: join(manager.runtimeFolder, 'systemd/private'), direct: true },
      ]);
      for (const [socket, kind] of [
        ['bus', 'bus'],
        ['systemd/private', 'direct'],
      ] as const) {
        const path = `/run/user/${manager.uid}/${socket}`;
        const life = await visit(manager.uid, 'mine.service', path, kind, 'user');
        assert.equal(life.seen.state, 'absent', JSON.stringify(life));
        assert.deepEqual([life.told[0].state, life.told[0].exit.signal], ['exited', 'SIGKILL']);
        assert.deepEqual([life.stopped.ok, life.stopped.exit.signal], [true, 'SIGTERM']);
      }
    });
  });
});

function openSockets(): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith('socket:')).length;
}
