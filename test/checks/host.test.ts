import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BootMemory, createHostCheck, type HostCheckOptions, type HostWorld } from '../../src/checks/host.ts';
import { type ClockState, readClock } from '../../src/checks/host-clock.ts';
import { ask, found, metric, say } from './asking.ts';

const start = 1_800_000_000_000;
const second = 1000;
const gigabyte = 1024 ** 3;

const options: HostCheckOptions = {
  id: 'host',
  disk_over: 90,
  memory_over: 90,
  cpu_over: 95,
  load_over: 4,
  full_within: 6 * 3_600_000,
  boot: null,
};

/** A machine whose state is set by the test: two processors, one disk, one network card. */
function machine() {
  const state = {
    now: start,
    user: 1000,
    idle: 9000,
    steal: 0,
    load: '0.50 0.40 0.30',
    available: 3_000_000,
    disk: { total: 100, used: 50, reserved: 5, files: 1000, filesUsed: 10 },
    superOptions: 'rw',
    received: 1_000_000,
    packets: 10_000,
    errors: 0,
    uptime: 86_400,
    boot: 'boot-one',
    clock: { state: 'unknown', offset: null, source: null } as ClockState,
    monotonicLag: 0,
  };
  const files: Readonly<Record<string, () => string>> = {
    stat: () => `cpu  ${state.user} 0 0 ${state.idle} 0 0 0 ${state.steal} 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nbtime 1\n`,
    meminfo: () =>
      `MemTotal:        4000000 kB\nMemFree:   100000 kB\nMemAvailable:    ${state.available} kB\n` +
      'SwapTotal:       1000000 kB\nSwapFree:         750000 kB\n',
    loadavg: () => `${state.load} 1/200 999\n`,
    'net/dev': () =>
      'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets …\n' +
      '    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0\nvethab12: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n' +
      `  eth0: ${state.received} ${state.packets} ${state.errors} 0 0 0 0 0 500 0 0 0 0 0 0 0\n`,
    'self/mountinfo': () =>
      `25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 ${state.superOptions},errors=remount-ro\n`,
    uptime: () => `${state.uptime}.50 1000.00\n`,
    'sys/kernel/random/boot_id': () => `${state.boot}\n`,
  };
  const world: HostWorld = {
    readFile: async (path) => {
      const file = files[path.replace('/proc/', '')];
      assert.ok(file, path);
      return file();
    },
    sizeOf: async () => ({
      bsize: gigabyte,
      blocks: state.disk.total,
      bfree: state.disk.total - state.disk.used,
      bavail: state.disk.total - state.disk.used - state.disk.reserved,
      files: state.disk.files,
      ffree: state.disk.files - state.disk.filesUsed,
    }),
    monotonic: () => state.now - start - state.monotonicLag,
    readClock: async () => state.clock,
  };
  return { state, world };
}

function hostOn(made: ReturnType<typeof machine>, changes: Partial<HostCheckOptions> = {}) {
  const { state, world } = made;
  const check = createHostCheck({ ...options, ...changes }, world);
  /** One round, 30 s after the last one. */
  const round = async (seconds = 30) => {
    state.now += seconds * second;
    return ask(check, { now: state.now });
  };
  return { check, round };
}

describe('host', () => {
  it('says everything in numbers', async () => {
    const made = machine();
    const { check, round } = hostOn(made);
    const first = await round();
    assert.equal(found(first), 'healthy');
    assert.ok(
      !first.metrics.some(({ name }) => name === 'cpu' || name.startsWith('received')),
      'nothing to compare with',
    );

    Object.assign(made.state, { user: 1300, idle: 9600, steal: 100, received: 4_000_000, packets: 11_000 });
    const second = await round();
    const value = (name: string) => metric(second, name).value;
    assert.equal(value('cpu'), 40);
    assert.equal(value('steal'), 10);
    assert.equal(value('load_per_core'), 0.25);
    assert.equal(value('memory'), 25);
    assert.equal(value('swap'), 25);
    assert.equal(Math.round(value('disk:/') * 100) / 100, 52.63, 'of what df counts: 50 of 95');
    assert.equal(value('disk_free:/'), 45 * gigabyte);
    assert.equal(value('inodes:/'), 1);
    assert.equal(value('received:eth0'), 100_000);
    assert.equal(metric(second, 'received:eth0').unit, 'bytes_per_s');
    assert.equal(value('uptime'), 86_401);
    assert.ok(!second.metrics.some(({ name }) => name.includes('lo') && name.startsWith('sent')), 'no loopback');

    const details = check.details();
    assert.deepEqual(details?.processor, { busy: 40, iowait: 0, steal: 10 });
    assert.equal(details?.bootedAt, made.state.now - 86_400_500);
    assert.equal(details?.cores, 2);
  });

  it('a counter that was reset gives no rate', async () => {
    const made = machine();
    const { round } = hostOn(made);
    await round();
    made.state.received = 5;
    const result = await round();
    assert.ok(!result.metrics.some(({ name }) => name.startsWith('received')));
  });

  it('a busy processor counts by the median of rounds', async () => {
    const made = machine();
    const { round } = hostOn(made);
    await round();
    const seen: string[] = [];
    for (const [user, idle] of [
      [990, 10],
      [500, 500],
      [990, 10],
      [980, 20],
      [990, 10],
    ] as const) {
      made.state.user += user;
      made.state.idle += idle;
      seen.push(found(await round()));
    }
    assert.deepEqual(seen, ['healthy', 'healthy', 'degraded host-cpu', 'degraded host-cpu', 'degraded host-cpu']);
  });

  it('time that the hypervisor keeps', async () => {
    const made = machine();
    const { round } = hostOn(made);
    for (let n = 0; n < 3; n++) {
      await round();
      made.state.steal += 500;
      made.state.idle += 500;
    }
    assert.equal(found(await round()), 'degraded host-steal');
  });

  it('the load is per core', async () => {
    const made = machine();
    made.state.load = '9.00 7.90 1.00';
    const { round } = hostOn(made);
    assert.equal(found(await round()), 'healthy');
    made.state.load = '9.00 8.20 1.00';
    assert.equal(found(await round()), 'degraded host-load');
  });

  it('memory without the page cache', async () => {
    const made = machine();
    const { round } = hostOn(made);
    made.state.available = 350_000;
    const result = await round();
    assert.equal(found(result), 'degraded host-memory');
    assert.match(result.reason ? say(result.reason) : '', /91 % of the memory is taken, 342 MB are left/);
    made.state.available = 100_000;
    assert.equal(found(await round()), 'unhealthy host-memory');
  });

  it('a disk by its space, by its files, and read-only', async () => {
    const made = machine();
    const { round } = hostOn(made);
    made.state.disk.used = 87;
    const result = await round();
    assert.equal(found(result), 'degraded host-disk');
    assert.equal(result.reason && say(result.reason), 'the disk / is 92 % full, 8 GB are left');
    made.state.disk.used = 94;
    assert.equal(found(await round()), 'unhealthy host-disk');
    made.state.disk.used = 50;
    made.state.disk.filesUsed = 950;
    assert.equal(found(await round()), 'degraded host-inodes');
    made.state.disk.filesUsed = 10;
    made.state.superOptions = 'ro';
    assert.equal(found(await round()), 'unhealthy host-disk-read-only');
  });

  it('a disk that fills up says when it will be full', async () => {
    const made = machine();
    const { check, round } = hostOn(made);
    let result = await round();
    for (let minute = 0; minute < 30; minute++) {
      made.state.disk.used += 0.2;
      result = await round(60);
    }
    assert.equal(found(result), 'degraded host-disk-filling');
    assert.equal(
      result.reason && say(result.reason),
      'the disk / (59 %) will be full in about 3 h, should it go on like this',
    );
    assert.ok(Math.abs((check.details()?.disks[0]?.fullIn ?? 0) / 60_000 - 195) < 5);
  });

  it('lost and broken packets, when they are more than a few', async () => {
    const made = machine();
    const { round } = hostOn(made);
    await round();
    made.state.packets += 10_000;
    made.state.errors += 90;
    assert.equal(found(await round()), 'healthy');
    made.state.packets += 10_000;
    made.state.errors += 500;
    assert.equal(found(await round()), 'degraded host-network');
  });

  it('a clock that is off, where somebody knows; unknown is not off', async () => {
    const made = machine();
    made.state.clock = { state: 'synchronised', offset: 2500, source: 'chrony' };
    const { round } = hostOn(made);
    const result = await round();
    assert.equal(found(result), 'degraded host-clock-off');
    assert.equal(metric(result, 'clock_offset').value, 2500);
  });

  it('a clock that jumped', async () => {
    const made = machine();
    const { round } = hostOn(made);
    await round();
    made.state.monotonicLag += 90 * second;
    assert.equal(found(await round()), 'degraded host-clock-jumped');
    assert.equal(found(await round()), 'healthy');
  });

  it('a reboot is noticed by the manager that comes up after it, and shown for a while', async () => {
    const kept = { id: 'boot-zero' };
    const boot: BootMemory = {
      load: () => kept.id,
      save: (id) => {
        kept.id = id;
      },
    };
    const made = machine();
    const { check, round } = hostOn(made, { boot });
    const result = await round();
    assert.equal(found(result), 'degraded host-rebooted');
    assert.equal(kept.id, 'boot-one');
    assert.equal(check.details()?.rebootSeenAt, made.state.now);
    assert.equal(found(await round(301)), 'healthy');

    const again = hostOn(machine(), { boot });
    assert.equal(found(await again.round()), 'healthy', 'the same boot');
  });

  it('a short uptime tells too, where nothing is remembered', async () => {
    const made = machine();
    made.state.uptime = 100;
    assert.equal(found(await hostOn(made).round()), 'degraded host-rebooted');
  });

  it('several things at once: the worst is the reason', async () => {
    const made = machine();
    const { check, round } = hostOn(made);
    made.state.load = '9 9 9';
    made.state.available = 100_000;
    assert.equal(found(await round()), 'unhealthy host-memory');
    assert.deepEqual(
      check.details()?.findings.map(({ reason }) => reason.code),
      ['host-memory', 'host-load'],
    );
  });

  it('a /proc that cannot be read is no verdict', async () => {
    const { world } = machine();
    const broken: HostWorld = {
      ...world,
      readFile: () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
    };
    assert.equal(found(await ask(createHostCheck(options, broken))), 'unknown host-unreadable');
  });

  it('reads this very machine', async () => {
    const check = createHostCheck({ ...options, memory_over: 100, disk_over: 100, load_over: 1e6 });
    await ask(check);
    const result = await ask(check);
    const value = (name: string) => metric(result, name).value;
    assert.ok(value('memory') > 0 && value('memory') < 100);
    assert.ok(value('disk:/') > 0 && value('disk:/') <= 100);
    assert.ok(value('uptime') > 0);
  });
});

describe('who keeps the time', () => {
  const chrony = (offset: string, leap: string) =>
    `C0A80001,192.168.0.1,3,1800000000.123,${offset},0.0001,0.0002,-10.1,0.001,0.01,0.02,0.003,64.2,${leap}\n`;
  const never = new AbortController().signal;
  const asked = (answers: Readonly<Record<string, string>>) =>
    readClock(never, async (program) => answers[program] ?? null);

  it('chrony knows how far off it is', async () =>
    assert.deepEqual(await asked({ chronyc: chrony('-0.250000', 'Normal') }), {
      state: 'synchronised',
      offset: 250,
      source: 'chrony',
    }));

  it('chrony without a source has nothing to compare with', async () =>
    assert.deepEqual(await asked({ chronyc: chrony('0.000000', 'Not synchronised') }), {
      state: 'drifting',
      offset: null,
      source: 'chrony',
    }));

  it('systemd knows only whether', async () => {
    assert.equal((await asked({ timedatectl: 'yes\n' })).state, 'synchronised');
    assert.equal((await asked({ timedatectl: 'no\n' })).state, 'drifting');
  });

  it('nobody: unknown', async () => {
    assert.equal((await asked({})).state, 'unknown');
    assert.equal((await asked({ chronyc: '506 Cannot talk to daemon' })).state, 'unknown');
  });
});
