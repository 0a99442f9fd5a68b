import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { incidentsOfSignal } from '../../src/core/consequence.ts';
import { backoff, type RecoveryPolicy } from '../../src/core/recovery.ts';
import { hasDoneItsWork, newService, type Run, type ServiceRecord } from '../../src/core/service.ts';
import { type ServiceEvent, type Signal, transition } from '../../src/core/transition.ts';

const policy: RecoveryPolicy = {
  restart_policy: 'always',
  max_restarts: 5,
  restart_window: 600_000,
  restart_delay: 10_000,
  max_restart_delay: 300_000,
  stable_after: 60_000,
  start_grace: 10_000,
};

/** A service's life on a clock of its own: feeds events, keeps the record, collects what is to be done and told. */
function life(rules: Partial<RecoveryPolicy> = {}, record: ServiceRecord = newService('bot', 0)) {
  const all = { ...policy, ...rules };
  const told: Signal[] = [];
  let starts = 0;
  let runs = 0;
  const self = {
    record,
    told,
    now: 0,
    starts: () => starts,
    feed(event: ServiceEvent) {
      const step = transition(self.record, event, all, self.now, 0);
      self.record = step.record;
      told.push(...step.signals);
      starts += step.effects.filter((effect) => effect.do === 'start').length;
      return step;
    },
    run(): Run {
      runs += 1;
      return { id: `run-${runs}`, pid: 1000 + runs, startedAt: self.now };
    },
    /** Starts, lives for `ms`, exits with `code`; follows its restarts until it is up again or has given up. */
    liveAndDie(ms: number, code = 1) {
      if (self.record.state === 'backing-off') {
        self.now = Math.max(self.now, self.record.retryAt ?? self.now);
        self.feed({ type: 'tick' });
      }
      const run = self.run();
      self.feed({ type: 'started', run });
      const end = self.now + ms;
      while (self.now < end) {
        self.now = Math.min(end, self.now + 1000);
        self.feed({ type: 'tick' });
      }
      self.feed({ type: 'exited', run, exit: { code, signal: null, at: self.now } });
    },
  };
  return self;
}

const names = (told: readonly Signal[]) => told.map((signal) => signal.signal);

describe('recovery', () => {
  it('restarts after an exit with a delay that doubles up to the cap', () => {
    const bot = life({ max_restarts: 100, max_restart_delay: 60_000 });
    bot.feed({ type: 'found-absent' });
    const delays: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      bot.liveAndDie(1000);
      delays.push((bot.record.retryAt ?? 0) - bot.now);
    }
    assert.deepEqual(delays, [10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('spreads what fell together at every delay, the longest included, and never beyond it', () => {
    const rules = { ...policy, max_restart_delay: 60_000 };
    const delays = [0, 1, 2, 3, 9].map((attempt) => [0, 0.5, 0.999].map((random) => backoff(attempt, rules, random)));
    for (const [first, ...others] of delays) {
      assert.ok(first !== undefined);
      assert.equal(new Set([first, ...others]).size, 3, String([first, ...others]));
      for (const delay of [first, ...others]) assert.ok(delay >= 10_000 && delay <= 60_000, String(delay));
    }
    assert.equal(backoff(9, { ...rules, restart_delay: 60_000 }, 0.9), 60_000, 'not below the first one');
    assert.equal(backoff(3, { ...rules, restart_delay: 0 }, 0.9), 0);
  });

  it('with no restart granted the first exit is the last, and is no loop', () => {
    const bot = life({ max_restarts: 0 });
    bot.feed({ type: 'found-absent' });
    bot.liveAndDie(1000, 4);
    assert.deepEqual([bot.record.state, bot.starts()], ['failed', 1]);
    const [signal] = bot.told;
    assert.ok(signal?.signal === 'gave-up');
    const [problem] = incidentsOfSignal(signal, []);
    assert.equal(problem?.type === 'problem' && problem.level, 'critical');
    assert.equal(problem?.type === 'problem' && problem.reason.code, 'exit-code');
  });

  it('six exits in four minutes are six, also when each of them came after stable uptime', () => {
    const bot = life({ stable_after: 20_000 });
    bot.feed({ type: 'found-absent' });
    for (let exit = 0; exit < 6; exit++) bot.liveAndDie(30_000, 1);
    const gaveUp = bot.told.find(({ signal }) => signal === 'gave-up');
    assert.ok(gaveUp?.signal === 'gave-up' && bot.record.state === 'failed', names(bot.told).join());
    const [problem] = incidentsOfSignal(gaveUp, []);
    assert.deepEqual(problem?.type === 'problem' && problem.reason, {
      code: 'crash-loop-code',
      args: { exits: 6, minutes: Math.round(gaveUp.within / 60_000), code: '1' },
    });
    assert.equal(Math.round(gaveUp.within / 60_000), 3);
  });

  it('gives up at the sixth exit inside the window, whatever the length of the runs', () => {
    for (const lifetime of [10, 3_000, 25_000, 70_000]) {
      const bot = life({ restart_delay: 1000, max_restart_delay: 1000 });
      bot.feed({ type: 'found-absent' });
      let exits = 0;
      while (bot.record.state !== 'failed' && exits < 50) {
        bot.liveAndDie(lifetime);
        exits += 1;
      }
      assert.equal(exits, 6, `runs of ${lifetime} ms`);
      assert.equal(names(bot.told).at(-1), 'gave-up');
    }
  });

  it('pm2#1496: a crash after the minimal uptime counts like any other', () => {
    const bot = life({ restart_delay: 0 });
    bot.feed({ type: 'found-absent' });
    for (let i = 0; i < 6; i += 1) bot.liveAndDie(25_000);
    assert.equal(bot.record.state, 'failed');
    assert.equal(bot.starts(), 6);
  });

  it('lets exits age out of the window, so that a rare crash never ends in failed', () => {
    const bot = life();
    bot.feed({ type: 'found-absent' });
    for (let i = 0; i < 30; i += 1) bot.liveAndDie(200_000);
    assert.equal(bot.record.state, 'backing-off');
  });

  it('moby#22283: the delay is the first one again after stable uptime', () => {
    const bot = life({ max_restarts: 100 });
    bot.feed({ type: 'found-absent' });
    bot.liveAndDie(1000);
    bot.liveAndDie(1000);
    assert.equal((bot.record.retryAt ?? 0) - bot.now, 20_000);
    bot.liveAndDie(60_000);
    assert.equal((bot.record.retryAt ?? 0) - bot.now, 10_000);
  });

  it('a start that the driver calls good resets nothing', () => {
    const bot = life();
    bot.feed({ type: 'found-absent' });
    bot.liveAndDie(0);
    bot.now = bot.record.retryAt ?? 0;
    bot.feed({ type: 'tick' });
    bot.feed({ type: 'started', run: bot.run() });
    assert.equal(bot.record.attempt, 1);
    assert.equal(bot.record.exits.length, 1);
  });

  it('restarts at once, without a wait in between, when the delay is 0', () => {
    const bot = life({ restart_delay: 0 });
    const run = bot.run();
    bot.feed({ type: 'found-running', run });
    const step = bot.feed({ type: 'exited', run, exit: { code: null, signal: 'SIGKILL', at: 0 } });
    assert.deepEqual(step.effects, [{ do: 'start' }]);
    assert.equal(bot.record.state, 'starting');
  });

  it('leaves a clean exit alone under on-failure, and every exit under never', () => {
    for (const [restart_policy, code, why] of [
      ['on-failure', 0, 'clean-exit'],
      ['never', 0, 'policy-never'],
      ['never', 1, 'policy-never'],
    ] as const) {
      const bot = life({ restart_policy });
      bot.feed({ type: 'found-absent' });
      bot.liveAndDie(1000, code);
      assert.equal(bot.record.state, 'stopped');
      assert.deepEqual(bot.told.at(-1), {
        signal: 'exited',
        exit: { code, signal: null, at: 1000 },
        followUp: why,
      });
    }
  });

  it('restarts a failure under on-failure', () => {
    const bot = life({ restart_policy: 'on-failure' });
    bot.feed({ type: 'found-absent' });
    bot.liveAndDie(1000, 3);
    assert.equal(bot.record.state, 'backing-off');
  });

  it('fails at once, without a loop, when the start cannot work', () => {
    const bot = life();
    bot.feed({ type: 'found-absent' });
    bot.feed({ type: 'start-failed', fatal: true, reason: { code: 'command-not-found', args: { command: 'x' } } });
    assert.equal(bot.record.state, 'failed');
    assert.equal(bot.record.reason?.code, 'command-not-found');
    bot.now = 3_600_000;
    assert.deepEqual(bot.feed({ type: 'tick' }).effects, []);
  });

  it('counts a failed start once, though the end of the run that came of it is told as well', () => {
    const bot = life();
    bot.feed({ type: 'found-absent' });
    const run = bot.run();
    const exit = { code: 3, signal: null, at: 0 };
    bot.feed({ type: 'start-failed', fatal: false, reason: { code: 'unit-start-code' }, ended: { run, exit } });
    const before = bot.record;
    for (const type of ['exited', 'found-exited'] as const) bot.feed({ type, run, exit });
    assert.deepEqual(bot.record, before);
    assert.deepEqual([bot.record.exits.length, bot.record.attempt, bot.record.lastExit], [1, 1, exit]);

    const hopeless = life();
    hopeless.feed({ type: 'found-absent' });
    hopeless.feed({ type: 'start-failed', fatal: true, reason: { code: 'unit-setup' }, ended: { run, exit } });
    hopeless.feed({ type: 'exited', run, exit });
    assert.equal(hopeless.record.state, 'failed');
  });

  it('leaves a failed start to the policy that goes on with it', () => {
    const unit = life();
    unit.feed({ type: 'found-absent' });
    const run = unit.run();
    const exit = { code: 3, signal: null, at: 0 };
    unit.feed({ type: 'start-failed', fatal: false, reason: { code: 'unit-start-code' }, ended: { run, exit } });
    unit.feed({ type: 'exited', run, exit, fate: 'restarts' });
    assert.deepEqual([unit.record.state, unit.record.reason?.code], ['starting', 'own-policy']);
    assert.equal(unit.starts(), 1);
  });

  it('leaves alone what was to end and has ended well: no exit, no loop, and the end of what was wrong', () => {
    const backup = life();
    const exit = { code: 0, signal: null, at: 0 };
    for (let night = 0; night < 10; night += 1) {
      const run = backup.run();
      backup.feed({ type: 'running', run });
      backup.feed({ type: 'exited', run, exit, fate: 'done' });
      backup.feed({ type: 'found-exited', run, exit, fate: 'done' });
      assert.equal(hasDoneItsWork(backup.record), true);
    }
    assert.deepEqual([backup.starts(), backup.record.exits.length], [0, 0]);
    assert.ok(names(backup.told).every((name) => name === 'settled'));
  });

  it('says, when it gives up, what is known of the end beyond its code', () => {
    const container = life({ max_restarts: 1 });
    const reason = { code: 'container-oom', args: { container: 'marzban' } };
    for (let lives = 0; lives < 2; lives += 1) {
      const run = container.run();
      container.feed({ type: 'found-running', run });
      container.feed({ type: 'exited', run, exit: { code: null, signal: 'SIGKILL', at: 0 }, reason });
    }
    const told = container.told.at(-1);
    assert.ok(told?.signal === 'gave-up');
    assert.deepEqual(told.reason, reason);
    const [problem, tried] = incidentsOfSignal(told, []);
    assert.ok(problem?.type === 'problem' && tried?.type === 'attempt');
    assert.deepEqual([problem.reason.code, problem.attempt], ['crash-loop-signal', reason]);
    assert.equal(tried.attempt.code, 'stopped-trying');
  });

  it('counts failed starts in the same window as exits', () => {
    const bot = life({ restart_delay: 0 });
    bot.feed({ type: 'found-absent' });
    for (let i = 0; i < 6; i += 1) bot.feed({ type: 'start-failed', fatal: false, reason: { code: 'busy' } });
    assert.equal(bot.record.state, 'failed');
  });
});

describe('an operator', () => {
  it('stops it, and no exit brings it back', () => {
    const bot = life();
    const run = bot.run();
    bot.feed({ type: 'found-running', run });
    bot.feed({ type: 'stop-asked' });
    bot.feed({ type: 'exited', run, exit: { code: 0, signal: null, at: 0 } });
    assert.equal(bot.record.state, 'stopping');
    bot.feed({ type: 'stopped', exit: { code: 0, signal: null, at: 0 } });
    assert.equal(bot.record.state, 'stopped');
    assert.equal(bot.starts(), 0);
    assert.deepEqual(names(bot.told), ['stopped-by-operator']);
  });

  it('is remembered by the next manager', () => {
    const bot = life({}, { ...newService('bot', 0), wanted: 'down', lastRun: 'run-0' });
    bot.feed({ type: 'found-absent' });
    assert.equal(bot.record.state, 'stopped');
    assert.equal(bot.starts(), 0);
  });

  it('gets a stop finished that the last manager had begun', () => {
    const before = { ...newService('bot', 0), state: 'stopping', wanted: 'down' } as const;
    const bot = life({}, before);
    const step = bot.feed({ type: 'found-running', run: bot.run() });
    assert.deepEqual(step.effects, [{ do: 'stop' }]);
  });

  it('whose stop was refused has a service that runs: its later end is told, and it is started again', () => {
    for (const look of ['found-running', 'running'] as const) {
      const bot = life();
      const run = bot.run();
      bot.feed({ type: 'found-running', run });
      bot.feed({ type: 'stop-asked' });
      bot.feed({ type: 'stop-failed', reason: { code: 'systemd-denied' } });
      bot.feed({ type: look, run });
      assert.deepEqual([bot.record.state, bot.record.wanted], ['running', 'up'], look);
      bot.feed({ type: 'exited', run, exit: { code: 1, signal: null, at: 0 } });
      assert.deepEqual([bot.record.state, names(bot.told)], ['backing-off', ['exited']]);
    }
  });

  it('whose stop takes too long, or left something behind, still wants it down', () => {
    const late = life();
    const run = late.run();
    late.feed({ type: 'found-running', run });
    late.feed({ type: 'stop-asked' });
    late.feed({ type: 'unseen', reason: { code: 'operation-hung' } });
    late.feed({ type: 'found-running', run });
    assert.equal(late.record.wanted, 'down');
    late.feed({ type: 'exited', run, exit: { code: null, signal: 'SIGKILL', at: 0 } });
    assert.deepEqual([late.record.state, late.starts()], ['stopped', 0]);
    const rest = life();
    rest.feed({ type: 'found-running', run });
    rest.feed({ type: 'stop-asked' });
    rest.feed({ type: 'stop-failed', reason: { code: 'not-killed' } });
    rest.feed({ type: 'found-exited', run, exit: { code: 0, signal: null, at: 0 } });
    assert.deepEqual([rest.record.state, rest.record.wanted, rest.starts()], ['stopped', 'down', 0]);
  });

  it('who starts by hand what the manager had stopped wants it up', () => {
    const bot = life({}, { ...newService('bot', 0), wanted: 'down', lastRun: 'run-0' });
    bot.feed({ type: 'found-absent' });
    bot.feed({ type: 'running', run: bot.run() });
    assert.equal(bot.record.state, 'running');
    assert.equal(bot.record.wanted, 'up');
  });

  it('begins a new count with a start', () => {
    const bot = life({ restart_delay: 0 });
    bot.feed({ type: 'found-absent' });
    for (let i = 0; i < 6; i += 1) bot.liveAndDie(10);
    assert.equal(bot.record.state, 'failed');
    bot.feed({ type: 'start-asked' });
    assert.deepEqual(bot.record.exits, []);
    bot.liveAndDie(10);
    assert.equal(bot.record.state, 'starting');
  });
});

describe('a new manager', () => {
  it('knows a service that ran on, and does not tell or start anything', () => {
    const bot = life();
    const run = bot.run();
    bot.feed({ type: 'found-absent' });
    bot.feed({ type: 'started', run });
    const next = life({}, bot.record);
    next.now = 5000;
    next.feed({ type: 'found-running', run });
    assert.equal(next.record.state, 'running');
    assert.equal(next.starts(), 0);
    assert.deepEqual(next.told, []);
  });

  it('treats one that died meanwhile as having died', () => {
    const run: Run = { id: 'r', pid: 1, startedAt: 0 };
    const bot = life({}, { ...newService('bot', 0), state: 'running', run });
    bot.feed({ type: 'found-exited', run, exit: { code: 3, signal: null, at: 10 } });
    assert.equal(bot.record.state, 'backing-off');
    assert.deepEqual(names(bot.told), ['exited']);
  });

  it('counts an exit once, however often it is found', () => {
    const run: Run = { id: 'r', pid: 1, startedAt: 0 };
    const bot = life({}, { ...newService('bot', 0), state: 'running', run });
    const exit = { code: 3, signal: null, at: 10 };
    bot.feed({ type: 'found-exited', run, exit });
    bot.feed({ type: 'exited', run, exit });
    const next = life({}, bot.record);
    next.feed({ type: 'found-exited', run, exit });
    assert.equal(next.record.exits.length, 1);
    assert.deepEqual(next.told, []);
  });

  for (const [how, seen] of [
    ['ended', 'found-exited'],
    ['gone', 'found-absent'],
  ] as const) {
    const run: Run = { id: 'r', pid: 1, startedAt: 0 };
    const event: ServiceEvent =
      seen === 'found-exited' ? { type: seen, run, exit: { code: 0, signal: null, at: 10 } } : { type: seen };

    it(`finishes a stop that the last manager began and whose service is ${how} by now`, () => {
      const bot = life({}, { ...newService('bot', 0), state: 'running', run });
      bot.feed({ type: 'stop-asked' });
      bot.feed(event);
      assert.equal(bot.record.state, 'stopped');
      assert.equal(bot.record.wanted, 'down');
      assert.equal(bot.starts(), 0);
      assert.deepEqual(names(bot.told), ['stopped-by-operator']);
    });

    it(`finishes a restart that the last manager began and whose service is ${how} by now`, () => {
      const bot = life({}, { ...newService('bot', 0), state: 'running', run });
      bot.feed({ type: 'restart-asked' });
      bot.feed(event);
      assert.equal(bot.record.state, 'starting');
      assert.equal(bot.starts(), 1);
      // It did not crash.
      assert.equal(bot.record.exits.length, 0);
      assert.deepEqual(bot.told, []);
    });
  }

  it('keeps failed failed', () => {
    const bot = life({}, { ...newService('bot', 0), state: 'failed', lastRun: 'r' });
    bot.feed({ type: 'found-absent' });
    assert.equal(bot.record.state, 'failed');
    assert.equal(bot.starts(), 0);
  });

  it('says unknown, and does nothing, while a driver cannot see', () => {
    const run: Run = { id: 'r', pid: 1, startedAt: 0 };
    const bot = life({}, { ...newService('bot', 0), state: 'running', run });
    bot.feed({ type: 'unseen', reason: { code: 'tmux-forbidden' } });
    assert.equal(bot.record.state, 'unknown');
    assert.equal(bot.starts(), 0);
    bot.feed({ type: 'found-running', run });
    assert.equal(bot.record.state, 'running');
  });

  it('does not forget, while it cannot see, what was given up, has ended well or waits', () => {
    for (const [rules, code, state] of [
      [{ max_restarts: 0 }, 1, 'failed'],
      [{ restart_policy: 'on-failure' }, 0, 'stopped'],
      [{ restart_policy: 'never' }, 1, 'stopped'],
      [{}, 1, 'backing-off'],
    ] as const) {
      const bot = life(rules);
      bot.feed({ type: 'found-absent' });
      bot.liveAndDie(2000, code);
      assert.equal(bot.record.state, state);
      const [before, starts] = [bot.record, bot.starts()];
      bot.feed({ type: 'unseen', reason: { code: 'docker-silent' } });
      bot.feed({ type: 'unseen', reason: { code: 'docker-away' } });
      assert.equal(bot.record.state, 'unknown');
      const exit = { code, signal: null, at: bot.now };
      bot.feed({ type: 'found-exited', run: { id: 'run-1', pid: 1, startedAt: 0 }, exit });
      assert.deepEqual(bot.record, before);
      assert.equal(bot.starts(), starts);
    }
  });

  it('lost sight of before it was ever seen, is started once it can be', () => {
    const bot = life();
    bot.feed({ type: 'unseen', reason: { code: 'docker-away' } });
    bot.feed({ type: 'found-absent' });
    assert.equal(bot.starts(), 1);
  });
});

describe('a service that runs but ails', () => {
  const why = { code: 'http-status' };

  it('is restarted, and the restart counts like an exit (pm2#839)', () => {
    const bot = life({ max_restarts: 2 });
    bot.feed({ type: 'found-running', run: bot.run() });
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(bot.feed({ type: 'ailing', reason: why }).effects, [{ do: 'restart' }]);
      assert.equal(bot.record.state, 'stopping');
      bot.feed({ type: 'stopped', exit: null });
      assert.equal(bot.record.state, 'starting');
      bot.feed({ type: 'started', run: bot.run() });
    }
    const third = bot.feed({ type: 'ailing', reason: why });
    assert.deepEqual(third.effects, []);
    assert.equal(bot.record.state, 'running');
    assert.deepEqual(names(bot.told), ['restarted-ailing', 'restarted-ailing', 'restarts-useless']);
  });

  it('is left alone under never, and after an operator has stopped it', () => {
    const never = life({ restart_policy: 'never' });
    never.feed({ type: 'found-running', run: never.run() });
    assert.deepEqual(never.feed({ type: 'ailing', reason: why }).effects, []);
    const stopping = life();
    stopping.feed({ type: 'found-running', run: stopping.run() });
    stopping.feed({ type: 'stop-asked' });
    assert.deepEqual(stopping.feed({ type: 'ailing', reason: why }).effects, []);
  });
});

describe('a service with a restart policy of its own', () => {
  it('is not fought: the manager starts nothing, counts, and tells the loop', () => {
    const unit = life({ max_restarts: 2 });
    unit.feed({ type: 'found-running', run: unit.run(), restarts: 0 });
    for (let i = 1; i <= 3; i += 1) {
      const { run } = unit.record;
      assert.ok(run);
      unit.feed({ type: 'exited', run, exit: { code: 1, signal: null, at: 0 }, fate: 'restarts' });
      unit.feed({ type: 'running', run: unit.run(), restarts: i });
    }
    assert.equal(unit.starts(), 0);
    assert.equal(unit.record.exits.length, 3);
    assert.deepEqual(names(unit.told), ['exited', 'exited', 'exited', 'looping']);
    assert.equal(unit.record.state, 'running');
  });

  it('docksentry#2: restarts that sampling missed are found by the count', () => {
    const container = life({ max_restarts: 5 });
    container.feed({ type: 'found-running', run: container.run(), restarts: 10 });
    assert.equal(container.record.exits.length, 0, 'what was before is nobody’s news');
    container.feed({ type: 'running', run: container.run(), restarts: 17 });
    assert.equal(container.record.exits.length, 7);
    assert.deepEqual(names(container.told), ['looping']);
  });

  it('a count that was set back is a new beginning', () => {
    const unit = life();
    unit.feed({ type: 'found-running', run: unit.run(), restarts: 10 });
    unit.feed({ type: 'running', run: unit.run(), restarts: 0 });
    assert.equal(unit.record.exits.length, 0);
  });

  it('its policy that gives up after all leaves it failed, not starting for ever; and no look starts it again', () => {
    const unit = life();
    const run = unit.run();
    const exit = { code: 1, signal: null, at: 0 };
    unit.feed({ type: 'found-running', run });
    unit.feed({ type: 'exited', run, exit, fate: 'restarts' });
    assert.equal(unit.record.state, 'starting');
    unit.feed({ type: 'exited', run, exit, fate: 'left' });
    assert.equal(unit.record.state, 'failed');
    assert.equal(unit.record.exits.length, 1, 'counted once');
    unit.feed({ type: 'unseen', reason: { code: 'systemd-absent' } });
    unit.feed({ type: 'found-exited', run, exit, fate: 'left' });
    assert.equal(unit.record.state, 'failed');
    assert.equal(unit.starts(), 0);
  });

  it('an engine’s own end that looked like a stop is recovered from', () => {
    const container = life();
    const run = container.run();
    const exit = { code: 137, signal: null, at: 0 };
    container.feed({ type: 'found-running', run });
    container.feed({ type: 'exited', run, exit, fate: 'stopped' });
    assert.equal(container.record.wanted, 'down');
    container.feed({ type: 'exited', run, exit });
    assert.equal(container.record.wanted, 'up');
    assert.equal(container.record.state, 'backing-off');
  });

  it('so it is when the engine was away in between, however that is found out', () => {
    for (const type of ['exited', 'found-exited'] as const) {
      const container = life();
      const run = container.run();
      const exit = { code: 137, signal: null, at: 0 };
      container.feed({ type: 'found-running', run });
      container.feed({ type: 'exited', run, exit, fate: 'stopped' });
      container.feed({ type: 'unseen', reason: { code: 'docker-away' } });
      container.feed({ type, run, exit });
      assert.equal(container.record.wanted, 'up');
      assert.equal(container.record.state, 'backing-off');
    }
  });

  it('the next manager, which did not see it end, leaves what somebody had stopped', () => {
    const container = life();
    const run = container.run();
    const exit = { code: 0, signal: null, at: 0 };
    container.feed({ type: 'found-running', run });
    container.feed({ type: 'exited', run, exit, fate: 'stopped' });
    for (const found of [run, container.run()]) {
      container.feed({ type: 'found-exited', run: found, exit, first: true });
      assert.deepEqual([container.record.state, container.record.wanted], ['stopped', 'down']);
      container.feed({ type: 'unseen', reason: { code: 'docker-away' } });
      container.feed({ type: 'exited', run: found, exit });
      assert.deepEqual([container.record.state, container.record.wanted], ['stopped', 'down']);
    }
    assert.equal(container.starts(), 0);
  });

  it('so it is when some of its containers have begun another life by then', () => {
    const project = life();
    const exit = { code: 137, signal: null, at: 0 };
    const [run, other] = [project.run(), project.run()];
    project.feed({ type: 'found-running', run });
    project.feed({ type: 'exited', run, exit, fate: 'stopped' });
    project.feed({ type: 'unseen', reason: { code: 'docker-away' } });
    project.feed({ type: 'exited', run: other, exit });
    assert.deepEqual([project.record.state, project.record.wanted], ['backing-off', 'up']);

    const stopped = life();
    stopped.feed({ type: 'found-running', run });
    stopped.feed({ type: 'stop-asked' });
    stopped.feed({ type: 'stopped', exit });
    stopped.feed({ type: 'exited', run: other, exit });
    assert.deepEqual([stopped.record.state, stopped.record.wanted], ['stopped', 'down'], 'an operator’s stop holds');
  });

  it('stopped and started by somebody many times is no crash loop', () => {
    const container = life();
    for (let deploy = 0; deploy < 8; deploy += 1) {
      const run = container.run();
      container.feed({ type: 'running', run });
      container.feed({ type: 'exited', run, exit: { code: 143, signal: null, at: 0 }, fate: 'stopped' });
    }
    const run = container.run();
    container.feed({ type: 'running', run });
    container.feed({ type: 'exited', run, exit: { code: 1, signal: null, at: 0 } });
    assert.deepEqual([container.record.state, container.record.exits.length], ['backing-off', 1]);
  });

  it('left down by its policy is failed; stopped by somebody else is stopped, and stays so', () => {
    for (const [fate, state, signal] of [
      ['left', 'failed', 'left-down'],
      ['stopped', 'stopped', 'exited'],
    ] as const) {
      const unit = life();
      const run = unit.run();
      unit.feed({ type: 'found-running', run });
      unit.feed({ type: 'exited', run, exit: { code: 1, signal: null, at: 0 }, fate });
      assert.equal(unit.record.state, state);
      assert.deepEqual(names(unit.told), [signal]);
      assert.equal(unit.starts(), 0);
    }
  });
});

describe('settling', () => {
  it('is told once, after the grace, and again for the next run (monit#711)', () => {
    const bot = life({ max_restarts: 10 });
    bot.feed({ type: 'found-absent' });
    bot.liveAndDie(30_000);
    assert.deepEqual(names(bot.told), ['settled', 'exited']);
    bot.liveAndDie(5000);
    assert.deepEqual(names(bot.told), ['settled', 'exited', 'exited']);
    bot.liveAndDie(15_000);
    assert.deepEqual(names(bot.told), ['settled', 'exited', 'exited', 'settled', 'exited']);
  });
});
