/** What happened to users of other supervisors ("Restart loops", "Stuck states"), and what happens to ours. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { Check } from '../../src/checks/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CheckResult } from '../../src/core/health.ts';
import { newService, type Run } from '../../src/core/service.ts';
import type { Actor } from '../../src/core/snapshot.ts';
import type { Driver, Observation, StopResult } from '../../src/drivers/driver.ts';
import { createAudit } from '../../src/store/audit.ts';
import { openStore } from '../../src/store/database.ts';
import { createServiceTable } from '../../src/store/services.ts';
import { createCheckLoop } from '../../src/supervisor/check-loop.ts';
import { createControl } from '../../src/supervisor/control.ts';
import type { Managed } from '../../src/supervisor/managed.ts';
import { createMonitor } from '../../src/supervisor/monitor.ts';
import { makeAlerting } from '../world/alerting.ts';
import { deferred } from '../world/deferred.ts';
import { telegramView } from '../world/views.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };
const vera: Actor = { kind: 'telegram', id: '7', name: 'Vera' };
const healthy: CheckResult = { verdict: 'healthy', reason: null, metrics: [] };
const sick: CheckResult = { verdict: 'unhealthy', reason: { code: 'check-threw' }, metrics: [] };

/** Supervision of one service whose driver does as the test says, on a clock of the test's own. */
function stage(settings: Readonly<Record<string, unknown>> = {}) {
  const loaded = loadConfig({
    ...{ path: '/etc/orbit/services.yaml', env },
    readFile: () => stringify({ services: { bot: { driver: 'process', command: ['bot'], ...settings } } }),
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const [config] = loaded.config.services;
  assert.ok(config);

  const world = {
    ...{ now: Date.UTC(2026, 10, 23), starts: 0, stops: 0, answers: 0, answer: healthy, hidden: false },
    held: false,
  };
  const clock = () => world.now;
  let tell: (seen: Observation) => void = () => undefined;
  let run: Run | null = null;
  let stopping: () => Promise<StopResult> = async () => ({ ok: true, exit: null, killed: [] });
  const driver: Driver = {
    kind: 'process',
    async inspect() {
      if (world.hidden) return { state: 'unknown', reason: { code: 'docker-no-socket' } };
      return run === null ? { state: 'absent' } : { state: 'running', run };
    },
    async start() {
      world.starts += 1;
      run = { id: `run-${world.starts}`, pid: 1000 + world.starts, startedAt: world.now };
      return { ok: true, run };
    },
    stop() {
      world.stops += 1;
      return stopping();
    },
    onChange(listener) {
      tell = listener;
    },
    logs: async () => [],
    close: async () => undefined,
  };
  const check: Check = {
    ...{ id: 'http', kind: 'http' },
    async run() {
      world.answers += 1;
      return world.answer;
    },
    close: async () => undefined,
  };
  const service: Managed = {
    ...{ config, driver, record: newService('bot', world.now), operation: null, retry: null },
    checks: [
      {
        ...{ check, restarts: true, judges: true, implied: false, retries: config.health_check_retries },
        ...{ every: config.health_check_interval, nextAt: 0, busy: false },
      },
    ],
    commits: Promise.resolve(),
  };
  const services = new Map([['bot', service]]);
  const log = pino({ level: 'silent' });
  const { ledger } = makeAlerting({ clock, needs: () => ['redis'] });
  const store = openStore(':memory:');
  const monitor = createMonitor({
    ...{ services, ledger, clock, log, random: () => 0 },
    holdsStart: () => (world.held ? { code: 'held-maintenance' } : null),
    serviceTable: createServiceTable(store),
    samples: { add: () => undefined, started: () => undefined },
  });
  const control = createControl({
    ...{ services, monitor, ledger, clock, log, host: 'vps', version: '1', mutes: () => [], audit: createAudit(store) },
    hold: { awaited: () => undefined },
    telegram: () => telegramView,
  });
  const checks = createCheckLoop({ services, observeHealth: monitor.observeHealth, clock, log });
  return {
    ...{ world, service, services, monitor, control, checks, ledger },
    /** How its next stops go. */
    stops(how: () => Promise<StopResult>) {
      stopping = how;
    },
    /** Its process ends now. */
    async dies(code = 1) {
      assert.ok(run);
      const ended = run;
      run = null;
      tell({ state: 'exited', run: ended, exit: { code, signal: null, at: world.now } });
      await settle();
    },
    /** Its driver loses sight of it. */
    cannotBeSeen() {
      world.hidden = true;
      tell({ state: 'unknown', reason: { code: 'docker-no-socket' } });
    },
    canBeSeen() {
      world.hidden = false;
    },
    /** `ms` later, all that is due is done. */
    async later(ms: number) {
      world.now += ms;
      monitor.tick();
      checks.tick();
      await settle();
    },
    /** What its own check says this time. */
    async says(result: CheckResult) {
      monitor.observeHealth(service, service.record.run?.id ?? null, 'http', result);
      await settle();
    },
  };
}

/** Promises that wait for each other, a few deep. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const open = (stageOf: ReturnType<typeof stage>) => stageOf.ledger.open().map(({ kind, level }) => `${kind} ${level}`);

describe('restart loops', () => {
  it('pm2#2584, pm2#1676, supervisor#1285: a whole night of crashes, each after the minimal uptime, is six starts', async () => {
    for (const lifetime of [1100, 10_500, 31_000]) {
      const bot = stage({ restart_delay: 0 });
      await bot.monitor.begin();
      await settle();
      for (let night = 0; night < 8 * 3600_000 && bot.service.record.state === 'running'; night += lifetime) {
        await bot.later(lifetime);
        await bot.dies();
      }
      assert.equal(bot.service.record.state, 'failed');
      assert.equal(bot.world.starts, 6, `lives of ${lifetime} ms`);
      assert.ok(open(bot).includes('down critical'), String(open(bot)));
    }
  });

  it('overdeck#257: a loop is stopped before it hurts the machine, and stays stopped', async () => {
    const bot = stage({ restart_delay: 0 });
    await bot.monitor.begin();
    await settle();
    for (let crash = 0; crash < 6; crash++) await bot.dies();
    for (let hour = 0; hour < 24; hour++) await bot.later(3600_000);
    assert.equal(bot.world.starts, 6);
    assert.equal(bot.service.record.state, 'failed');
  });

  it('one that is taken out of the configuration while its restart is due is left alone, whatever is answered late', async () => {
    const bot = stage({ restart_delay: '10s' });
    await bot.monitor.begin();
    await settle();
    await bot.later(30_000);
    await bot.dies();
    assert.equal(bot.service.record.state, 'backing-off');
    bot.services.delete('bot');
    await bot.monitor.release(bot.service, true);
    await bot.says(healthy);
    for (let minute = 0; minute < 10; minute++) await bot.later(60_000);
    assert.deepEqual([bot.world.starts, bot.service.record.state], [1, 'backing-off']);
  });

  it('DockMon: the first restart has its delay, and a start that was called good does not reset the counter', async () => {
    const bot = stage({ restart_delay: '10s', max_restarts: 3, stable_after: '60s' });
    await bot.monitor.begin();
    await settle();
    await bot.dies();
    assert.equal(bot.service.record.state, 'backing-off');
    assert.equal(bot.world.starts, 1, 'not at once');
    const delays: number[] = [];
    while (bot.service.record.state === 'backing-off') {
      const delay = (bot.service.record.retryAt ?? 0) - bot.world.now;
      delays.push(delay);
      await bot.later(delay);
      assert.equal(bot.service.record.state, 'running');
      await bot.dies();
    }
    assert.deepEqual(delays, [10_000, 20_000, 40_000]);
    assert.equal(bot.service.record.state, 'failed');
  });

  it('process-compose#403: what fails its checks for ever is left running, and said to need a person', async () => {
    const bot = stage({ restart_delay: 0, max_restarts: 2, start_grace: 0 });
    await bot.monitor.begin();
    await settle();
    for (let answer = 0; answer < 40; answer++) {
      await bot.later(1000);
      await bot.says(sick);
    }
    assert.equal(bot.world.stops, 2, 'as many restarts as any cause is granted');
    assert.equal(bot.service.record.state, 'running');
    assert.equal(bot.service.record.health.health, 'unhealthy');
    assert.deepEqual(open(bot), ['unhealthy critical']);
  });

  it('PasarGuard fa1709cb, Marzban#1736: a missed answer restarts nothing; it takes more than an alert does', async () => {
    const bot = stage({ health_check_retries: 3, start_grace: 0 });
    await bot.monitor.begin();
    await settle();
    for (let round = 0; round < 50; round++) {
      for (const result of [sick, sick, healthy]) await bot.says(result);
    }
    assert.equal(bot.world.stops, 0);
    for (let answer = 0; answer < 3; answer++) await bot.says(sick);
    assert.equal(bot.service.record.health.health, 'unhealthy');
    assert.equal(open(bot).length, 1, 'told');
    assert.equal(bot.world.stops, 0, 'but not restarted yet');
    await bot.says(sick);
    assert.equal(bot.world.stops, 1);
  });

  it('monit#711: the grace holds after every start, not only the first', async () => {
    const bot = stage({ start_grace: '10s', health_check_interval: '1s', restart_delay: 0, max_restarts: 10 });
    await bot.monitor.begin();
    await settle();
    for (let life = 0; life < 3; life++) {
      const before = bot.world.answers;
      for (let second = 0; second < 9; second++) await bot.later(1000);
      assert.equal(bot.world.answers, before, `asked inside the grace of life ${life + 1}`);
      for (let second = 0; second < 3; second++) await bot.later(1000);
      assert.ok(bot.world.answers > before, 'asked after it');
      await bot.dies();
    }
  });
});

describe('false green', () => {
  const mute: CheckResult = { verdict: 'unknown', reason: { code: 'check-threw' }, metrics: [] };

  it('gluetun-monitor#147: ten days without an answer are never healthy, told once, and restart nothing', async () => {
    const bot = stage({ start_grace: 0, health_check_interval: '30s' });
    await bot.monitor.begin();
    await settle();
    await bot.says(healthy);
    assert.equal(bot.service.record.health.health, 'healthy');
    bot.world.answer = mute;
    await bot.later(30_000);
    assert.equal(bot.service.record.health.health, 'unknown');
    await bot.later(90_000);
    assert.deepEqual(open(bot), [], 'three intervals may pass');
    await bot.later(30_000);
    assert.deepEqual(open(bot), ['unknown warning']);
    const [told] = bot.ledger.open();
    assert.equal(told?.attempts[0]?.what.code, 'could-not-ask');
    assert.equal(told?.attempts[0]?.what.args?.seconds, 120);
    for (let round = 0; round < 10 * 24; round++) {
      await bot.later(3600_000);
      assert.equal(bot.service.record.health.health, 'unknown');
    }
    assert.deepEqual(
      bot.ledger.open().map(({ id }) => id),
      [told?.id],
      'the same one all along',
    );
    assert.deepEqual([bot.world.stops, bot.world.starts], [0, 1]);
    bot.world.answer = healthy;
    await bot.later(30_000);
    await bot.later(1000);
    assert.deepEqual(open(bot), []);
    assert.equal(bot.service.record.health.health, 'healthy');
  });

  it('what its driver cannot see for long is told, too', async () => {
    const bot = stage({ health_check_interval: '30s' });
    await bot.monitor.begin();
    await settle();
    bot.cannotBeSeen();
    await bot.later(60_000);
    assert.deepEqual(open(bot), []);
    await bot.later(31_000);
    assert.deepEqual(open(bot), ['unknown warning']);
    bot.canBeSeen();
    await bot.later(5000);
    await bot.later(1000);
    assert.deepEqual(open(bot), []);
  });

  it('what stays degraded is told after five minutes, and over when it is well again', async () => {
    const bot = stage({ start_grace: 0, health_check_interval: '30s' });
    await bot.monitor.begin();
    await settle();
    bot.world.answer = { verdict: 'degraded', reason: { code: 'net-slow' }, metrics: [] };
    for (let round = 0; round < 9; round++) await bot.later(30_000);
    assert.deepEqual(open(bot), []);
    for (let round = 0; round < 3; round++) await bot.later(30_000);
    assert.deepEqual(open(bot), ['degraded warning']);
    bot.world.answer = sick;
    for (let round = 0; round < 3; round++) await bot.later(30_000);
    await bot.later(1000);
    assert.deepEqual(open(bot), ['unhealthy error'], 'the worse one takes its place');
  });
});

describe('rules on numbers', () => {
  const slow = (ms: number): CheckResult => ({ ...healthy, metrics: [{ name: 'latency', value: ms, unit: 'ms' }] });
  const rules = { alerts: [{ metric: 'latency', over: '800ms', for: '2m', clear: '500ms', level: 'error' }] };

  async function broken() {
    const bot = stage({ start_grace: 0, health_check_interval: '30s', restart_delay: 0, ...rules });
    await bot.monitor.begin();
    await settle();
    bot.world.answer = slow(900);
    for (let round = 0; round < 5; round++) await bot.later(30_000);
    assert.deepEqual(open(bot), ['rule error']);
    return bot;
  }

  it('open an incident of their own while the service is healthy, and end it', async () => {
    const bot = await broken();
    assert.equal(bot.service.record.health.health, 'healthy');
    bot.world.answer = slow(600);
    await bot.later(30_000);
    assert.deepEqual(open(bot), ['rule error']);
    bot.world.answer = slow(500);
    await bot.later(30_000);
    assert.deepEqual(open(bot), []);
    assert.deepEqual([bot.world.stops, bot.world.starts], [0, 1]);
  });

  it('end with the service: when it dies, and when somebody stops it', async () => {
    const dead = await broken();
    for (let crash = 0; crash < 6; crash++) await dead.dies();
    await dead.later(1000);
    assert.deepEqual(open(dead), ['down critical']);
    const stopped = await broken();
    await stopped.control.act('bot', 'stop', vera);
    await stopped.later(1000);
    assert.deepEqual(open(stopped), []);
  });

  it('end when they are taken out of the configuration', async () => {
    const bot = await broken();
    bot.service.config = { ...bot.service.config, alerts: [] };
    await bot.later(1000);
    assert.deepEqual(open(bot), []);
  });
});

describe('a restart for failed health', () => {
  const large: CheckResult = { ...healthy, metrics: [{ name: 'memory', value: 300 * 2 ** 20, unit: 'bytes' }] };

  async function frozen(settings: Readonly<Record<string, unknown>> = {}) {
    const bot = stage({ start_grace: 0, restart_delay: 0, health_check_retries: 2, ...settings });
    await bot.monitor.begin();
    await settle();
    return bot;
  }

  it('that maintenance has put off is made up for once it is over, on fresh proof', async () => {
    const bot = await frozen();
    bot.world.held = true;
    for (let answer = 0; answer < 20; answer++) await bot.says(sick);
    assert.equal(bot.world.stops, 0);
    bot.world.held = false;
    for (let answer = 0; answer < 2; answer++) await bot.says(sick);
    assert.equal(bot.world.stops, 0, 'it gets as many answers to come back as it has at any time');
    await bot.says(sick);
    assert.equal(bot.world.stops, 1);
  });

  it('that a press came before is made up for, too', async () => {
    const bot = await frozen();
    bot.service.operation = { verb: 'restart', by: vera, since: 0, deadline: 0 };
    for (let answer = 0; answer < 5; answer++) await bot.says(sick);
    bot.service.operation = null;
    for (let answer = 0; answer < 3; answer++) await bot.says(sick);
    assert.equal(bot.world.stops, 1);
  });

  it('does not come while what it needs runs but is not well: that is where it has to be mended', async () => {
    const bot = await frozen();
    const why = { code: 'check-threw' };
    const input = { kind: 'unhealthy', level: 'error', reason: why, attempt: null, lines: [] } as const;
    bot.ledger.commit('redis', [{ ...input, type: 'problem' }]);
    for (let answer = 0; answer < 20; answer++) await bot.says(sick);
    assert.equal(bot.world.stops, 0);
    bot.ledger.commit('redis', [{ type: 'over', kind: 'unhealthy', resolution: 'recovered' }]);
    await bot.later(10 * 60_000);
    for (let answer = 0; answer < 3; answer++) await bot.says(sick);
    assert.equal(bot.world.stops, 1);
  });

  it('for memory is put off and made up for likewise, and each life has its own three samples', async () => {
    const bot = await frozen({ max_memory: '100mb' });
    const [scheduled] = bot.service.checks;
    assert.ok(scheduled);
    bot.service.checks = [{ ...scheduled, check: { ...scheduled.check, id: 'p', kind: 'process' }, restarts: false }];
    const measures = async () => {
      bot.monitor.observeHealth(bot.service, bot.service.record.run?.id ?? null, 'p', large);
      await settle();
    };
    bot.world.held = true;
    // That what it needs ails makes nobody's memory grow for ever.
    const ailing = { kind: 'unhealthy', level: 'error', reason: { code: 'check-threw' }, attempt: null } as const;
    bot.ledger.commit('redis', [{ ...ailing, type: 'problem', lines: [] }]);
    for (let sample = 0; sample < 10; sample++) await measures();
    assert.equal(bot.world.stops, 0);
    bot.world.held = false;
    for (let life = 1; life <= 3; life++) {
      for (let sample = 0; sample < 2; sample++) await measures();
      assert.equal(bot.world.stops, life - 1);
      await measures();
      assert.equal(bot.world.stops, life, `life ${life}`);
    }
  });

  it('never comes of answers that nobody got', async () => {
    const bot = await frozen();
    const unasked: CheckResult = { verdict: 'unknown', reason: { code: 'check-threw' }, metrics: [] };
    for (let round = 0; round < 20; round++) for (const result of [sick, sick, unasked]) await bot.says(result);
    for (let round = 0; round < 20; round++) await bot.says(unasked);
    assert.equal(bot.world.stops, 0);
  });
});

describe('the stop of what is down already', () => {
  it('is remembered: its incident is over, and a restart of all leaves it alone', async () => {
    const bot = stage({ restart_delay: 0 });
    await bot.monitor.begin();
    await settle();
    for (let crash = 0; crash < 6; crash++) await bot.dies();
    assert.deepEqual([bot.service.record.state, open(bot)], ['failed', ['down critical']]);
    const stopped = await bot.control.act('bot', 'stop', vera);
    assert.equal(stopped.ok && stopped.note?.code, 'already-stopped');
    await settle();
    assert.deepEqual([bot.service.record.state, bot.service.record.wanted], ['stopped', 'down']);
    assert.deepEqual(open(bot), []);
    const since = bot.service.record.since;
    bot.world.now += 5000;
    assert.ok((await bot.control.act('bot', 'stop', vera)).ok);
    assert.equal(bot.service.record.since, since, 'a repeat changes nothing');
    assert.ok((await bot.control.actAll('restart', vera)).size === 0);
  });

  it('holds for what ended well and was left so', async () => {
    const bot = stage({ restart_policy: 'on-failure' });
    await bot.monitor.begin();
    await settle();
    await bot.dies(0);
    assert.deepEqual([bot.service.record.state, open(bot)], ['stopped', ['down warning']]);
    assert.ok((await bot.control.act('bot', 'stop', vera)).ok);
    await settle();
    assert.deepEqual([bot.service.record.wanted, open(bot)], ['down', []]);
  });

  it('has an owner and a deadline like any other', async (context: TestContext) => {
    const bot = stage({ restart_delay: 0, stop_timeout: '5s' });
    await bot.monitor.begin();
    await settle();
    for (let crash = 0; crash < 6; crash++) await bot.dies();
    bot.stops(() => new Promise(() => undefined));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const hanging = bot.control.act('bot', 'stop', vera);
    await settle();
    const meanwhile = await bot.control.act('bot', 'start', vera);
    assert.equal(meanwhile.ok ? 'done' : meanwhile.reason.code, 'busy-stop');
    context.mock.timers.tick(95_000);
    const ended = await hanging;
    assert.equal(ended.ok ? 'done' : ended.reason.code, 'operation-hung');
  });
});

describe('stuck states', () => {
  it('a restart that hung does not start what somebody has stopped since', async (context: TestContext) => {
    const bot = stage({ stop_timeout: '5s', start_grace: 0 });
    await bot.monitor.begin();
    await settle();
    const stop = deferred<StopResult>();
    bot.stops(() => stop.answer);
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const hanging = bot.control.act('bot', 'restart', vera);
    await settle();
    context.mock.timers.tick(95_000);
    const ended = await hanging;
    assert.equal(ended.ok ? 'done' : ended.reason.code, 'operation-hung');
    context.mock.timers.reset();
    bot.stops(async () => ({ ok: true, exit: null, killed: [] }));
    assert.ok((await bot.control.act('bot', 'stop', vera)).ok);
    stop.give({ ok: true, exit: null, killed: [] });
    await settle();
    await bot.later(10_000);
    assert.deepEqual([bot.service.record.state, bot.service.record.wanted], ['stopped', 'down']);
    assert.equal(bot.world.starts, 1);
  });

  it('a stop or restart that ends long after it was given up leaves nothing in between', async (context: TestContext) => {
    for (const verb of ['stop', 'restart'] as const) {
      const bot = stage({ stop_timeout: '5s', start_grace: 0, restart_delay: 0 });
      await bot.monitor.begin();
      await settle();
      let wake: (result: StopResult) => void = () => undefined;
      bot.stops(
        () =>
          new Promise((resolve) => {
            wake = resolve;
          }),
      );
      context.mock.timers.enable({ apis: ['setTimeout'] });
      const hanging = bot.control.act('bot', verb, vera);
      await settle();
      context.mock.timers.tick(95_000);
      await hanging;
      context.mock.timers.reset();
      await bot.later(5000);
      assert.equal(bot.service.record.state, 'running');
      await bot.dies();
      wake({ ok: true, exit: null, killed: [] });
      await settle();
      for (let second = 0; second < 12; second++) await bot.later(1000);
      const [state, starts] = verb === 'stop' ? ['stopped', 1] : ['running', 2];
      assert.deepEqual([bot.service.record.state, bot.world.starts], [state, starts], verb);
    }
  });

  it('what the last manager began to stop is being stopped, and says so to whoever presses meanwhile', async () => {
    const bot = stage();
    await bot.monitor.begin();
    await settle();
    const stop = deferred<StopResult>();
    bot.stops(() => stop.answer);
    bot.service.record = { ...bot.service.record, state: 'stopping', wanted: 'down' };
    await bot.monitor.begin();
    const pressed = await bot.control.act('bot', 'start', vera);
    assert.equal(pressed.ok ? 'done' : pressed.reason.code, 'busy-stop');
    stop.give({ ok: true, exit: null, killed: [] });
    await settle();
    assert.deepEqual([bot.service.record.state, bot.service.operation], ['stopped', null]);
  });

  it('Marzban PR #2032, #1560: an operation that hangs has an owner and an end; the next one is not refused', async (context: TestContext) => {
    const bot = stage({ stop_timeout: '5s', start_grace: 0 });
    await bot.monitor.begin();
    await settle();
    bot.stops(() => new Promise(() => undefined));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const hanging = bot.control.act('bot', 'stop', vera);
    await settle();
    assert.equal(bot.control.snapshot().services[0]?.operation?.by.name, 'Vera');
    const meanwhile = await bot.control.act('bot', 'restart', vera);
    assert.equal(meanwhile.ok ? 'done' : meanwhile.reason.code, 'busy-stop');
    context.mock.timers.tick(95_000);
    const ended = await hanging;
    assert.equal(ended.ok ? 'done' : ended.reason.code, 'operation-hung');
    assert.equal(bot.control.snapshot().services[0]?.operation, null);
    context.mock.timers.reset();
    bot.stops(async () => ({ ok: true, exit: null, killed: [] }));
    assert.equal(bot.service.record.state, 'unknown', 'what hung is not believed');
    await bot.later(5000);
    assert.equal(bot.service.record.state, 'running', 'it is looked at anew');
    const again = await bot.control.act('bot', 'stop', vera);
    assert.ok(again.ok, JSON.stringify(again));
    assert.equal(bot.service.record.state, 'stopped');
  });

  it('the manager’s own restart that hangs ends too', async (context: TestContext) => {
    const bot = stage({ stop_timeout: '5s', start_grace: 0, health_check_retries: 1 });
    await bot.monitor.begin();
    await settle();
    bot.stops(() => new Promise(() => undefined));
    context.mock.timers.enable({ apis: ['setTimeout'] });
    for (let answer = 0; answer < 2; answer++) await bot.says(sick);
    assert.equal(bot.service.operation?.verb, 'restart');
    context.mock.timers.tick(95_000);
    await settle();
    assert.equal(bot.service.operation, null);
    context.mock.timers.reset();
    await bot.later(5000);
    assert.equal(bot.service.record.state, 'running');
  });

  it('a start after a crash that hangs is no start for ever', async (context: TestContext) => {
    const bot = stage({ stop_timeout: '5s', start_grace: 0, restart_delay: 0 });
    await bot.monitor.begin();
    await settle();
    const { start } = bot.service.driver;
    context.mock.timers.enable({ apis: ['setTimeout'] });
    bot.service.driver = { ...bot.service.driver, start: () => new Promise(() => undefined) };
    await bot.dies();
    assert.equal(bot.service.record.state, 'starting');
    context.mock.timers.tick(95_000);
    await settle();
    assert.deepEqual([bot.service.record.state, bot.service.record.reason?.code], ['unknown', 'operation-hung']);
    context.mock.timers.reset();
    bot.service.driver = { ...bot.service.driver, start };
    await bot.later(5000);
    assert.equal(bot.service.record.state, 'running');
  });

  it('a stop says what had to be killed: the service after its time, or what it left behind', async () => {
    for (const [took, signal, code] of [
      [20_000, 'SIGKILL', 'had-to-be-killed'],
      // systemd may be less patient than we are.
      [5000, 'SIGKILL', 'had-to-be-killed'],
      [300, 'SIGTERM', 'leftovers-killed'],
    ] as const) {
      const bot = stage({ stop_timeout: '20s' });
      await bot.monitor.begin();
      await settle();
      bot.stops(async () => {
        bot.world.now += took;
        return { ok: true, exit: { code: null, signal, at: bot.world.now }, killed: ['sleep (7)'] };
      });
      const result = await bot.control.act('bot', 'stop', vera);
      assert.ok(result.ok);
      assert.equal(result.note?.code, code);
      if (code === 'had-to-be-killed') assert.deepEqual(result.note?.args, { what: 'sleep (7)', seconds: took / 1000 });
    }
  });

  it('pm2#5104: a press during the manager’s own restart waits for nobody and doubles nothing', async () => {
    const bot = stage({ max_memory: '100mb', start_grace: 0, restart_delay: 0 });
    await bot.monitor.begin();
    await settle();
    const stop = deferred<StopResult>();
    bot.stops(() => stop.answer);
    const large: CheckResult = { ...healthy, metrics: [{ name: 'memory', value: 300 * 2 ** 20, unit: 'bytes' }] };
    const measuring = bot.service.checks.map((each) => ({
      ...each,
      check: { ...each.check, id: 'p', kind: 'process' },
    }));
    bot.service.checks = [...bot.service.checks, ...measuring];
    for (let sample = 0; sample < 3; sample++) {
      bot.monitor.observeHealth(bot.service, bot.service.record.run?.id ?? null, 'p', large);
      await settle();
    }
    assert.equal(bot.service.record.state, 'stopping');
    for (const verb of ['restart', 'stop', 'start'] as const) {
      const pressed = await bot.control.act('bot', verb, vera);
      assert.equal(pressed.ok ? 'done' : pressed.reason.code, 'busy-restart', verb);
    }
    stop.give({ ok: true, exit: null, killed: [] });
    await settle();
    assert.equal(bot.service.record.state, 'running');
    assert.deepEqual([bot.world.stops, bot.world.starts], [1, 2]);
  });
});
