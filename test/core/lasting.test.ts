import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CheckResult, foldHealth, type Health } from '../../src/core/health.ts';
import { changeIncident, type Incident, incidentKey } from '../../src/core/incident.ts';
import { type LastingRules, lastingTroubles, mayLast } from '../../src/core/lasting.ts';
import { ownLinkDown } from '../../src/core/link.ts';
import { newService, type ServiceRecord } from '../../src/core/service.ts';

const rules: LastingRules = {
  ...{ title: 'Shop bot', every: 30_000, degraded: true },
  checks: [
    { id: 'http', kind: 'http', every: 30_000 },
    { id: 'certificate', kind: 'tls', every: 60_000 },
    { id: 'panel', kind: 'panel', every: 30_000 },
  ],
};

/** A running service whose checks answer as the test says; keeps its incidents as the ledger does. */
function story(with_: Partial<LastingRules> = {}) {
  const all = { ...rules, ...with_ };
  const open = new Map<string, Incident>();
  const happened: string[] = [];
  const state = { record: { ...newService('bot', 0), state: 'running' } as ServiceRecord, now: 0, rules: all, id: 0 };
  return {
    ...{ state, open, happened },
    later(ms: number) {
      state.now += ms;
      const inputs = lastingTroubles(state.record, state.rules, [...open.values()], state.now);
      assert.ok(inputs.length === 0 || open.size > 0 || mayLast(state.record), 'nobody would have looked');
      for (const input of inputs) {
        const key = incidentKey('bot', input);
        const change = changeIncident(open.get(key) ?? null, 'bot', input, () => ++state.id, state.now);
        assert.ok(change, JSON.stringify(input));
        const { resolution, level } = change.incident;
        happened.push(`${change.change} ${key} ${resolution ?? level}`);
        if (change.incident.resolvedAt === null) open.set(key, change.incident);
        else open.delete(key);
      }
    },
    answers(id: string, verdict: Health, code = verdict as string) {
      const result: CheckResult = { verdict, reason: verdict === 'healthy' ? null : { code }, metrics: [] };
      const ids = state.rules.checks.map((each) => each.id);
      const health = foldHealth(state.record.health, ids, id, result, 3, state.now);
      state.record = { ...state.record, health };
    },
  };
}

describe('what lasts too long', () => {
  it('is told when a check could not be asked for more than three of its own intervals', () => {
    const bot = story();
    for (const id of ['http', 'certificate']) bot.answers(id, 'unknown');
    bot.later(90_000);
    assert.deepEqual(bot.happened, []);
    bot.later(1);
    assert.deepEqual(bot.happened, ['opened bot/unknown:http warning']);
    assert.equal(bot.open.get('bot/unknown:http')?.subject?.title, 'Shop bot (http)');
    bot.later(90_000);
    assert.deepEqual(bot.happened.slice(1), ['opened bot/unknown:certificate warning']);
  });

  it('is told when the driver cannot see the service for more than three intervals', () => {
    const bot = story();
    bot.state.record = { ...bot.state.record, state: 'unknown', since: 0 };
    bot.later(3 * bot.state.rules.every);
    assert.deepEqual(bot.happened, []);
    bot.later(1);
    assert.deepEqual(bot.happened, ['opened bot/unknown warning']);
  });

  it('is measured from the first answer that could not be had; one answer in between starts it anew', () => {
    const bot = story();
    bot.answers('http', 'unknown');
    bot.later(60_000);
    bot.answers('http', 'healthy');
    bot.answers('http', 'unknown');
    bot.later(60_000);
    assert.deepEqual(bot.happened, []);
  });

  it('is over at the next answer, also an unhealthy one', () => {
    const bot = story();
    bot.answers('http', 'unknown');
    bot.later(91_000);
    bot.later(1000);
    bot.answers('http', 'unhealthy');
    bot.later(1000);
    assert.deepEqual(bot.happened.slice(1), ['resolved bot/unknown:http recovered']);
  });

  it('is not over by what an earlier manager has remembered', () => {
    const bot = story();
    bot.answers('http', 'healthy');
    const remembered = bot.state.record;
    bot.answers('http', 'unknown');
    bot.later(91_000);
    bot.state.record = remembered;
    bot.later(1000);
    assert.equal(bot.happened.length, 1, 'still open');
    bot.later(1000);
    bot.answers('http', 'healthy');
    bot.later(1000);
    assert.deepEqual(bot.happened.slice(1), ['resolved bot/unknown:http recovered']);
  });

  it('is not told where the host itself has no network', () => {
    const bot = story();
    bot.answers('http', 'unknown', ownLinkDown.code);
    bot.later(3600_000);
    assert.deepEqual(bot.happened, []);
  });

  it('says another cause in the same message', () => {
    const bot = story();
    bot.answers('http', 'unknown', 'net-no-resolver');
    bot.later(91_000);
    bot.answers('http', 'unknown', 'check-hung');
    bot.later(1000);
    bot.later(1000);
    assert.deepEqual(bot.happened, ['opened bot/unknown:http warning', 'updated bot/unknown:http warning']);
    assert.equal(bot.open.get('bot/unknown:http')?.reason.code, 'check-hung');
  });

  it('ends with the service: stopped by somebody, dead, or without that check', () => {
    for (const [change, resolution] of [
      [{ state: 'stopped', wanted: 'down' }, 'stopped-by-operator'],
      [{ state: 'failed' }, 'superseded'],
      [{ state: 'backing-off' }, 'superseded'],
    ] as const) {
      const bot = story();
      bot.answers('http', 'unknown');
      bot.later(91_000);
      bot.state.record = { ...bot.state.record, ...change };
      bot.later(1000);
      assert.deepEqual(bot.happened.slice(1), [`resolved bot/unknown:http ${resolution}`]);
    }
    const bot = story();
    bot.answers('http', 'unknown');
    bot.later(91_000);
    bot.state.rules = { ...rules, checks: [] };
    bot.later(1000);
    assert.deepEqual(bot.happened.slice(1), ['resolved bot/unknown:http removed']);
  });

  it('is told when it is degraded: a certificate at once, an address after five minutes, a panel never', () => {
    const bot = story();
    for (const { id } of rules.checks) bot.answers(id, 'degraded');
    bot.later(0);
    assert.deepEqual(bot.happened, ['opened bot/degraded:certificate warning']);
    bot.later(299_000);
    assert.equal(bot.happened.length, 1);
    bot.later(1000);
    assert.deepEqual(bot.happened.slice(1), ['opened bot/degraded:http warning']);
    bot.later(24 * 3600_000);
    assert.equal(bot.happened.length, 2);
    for (const { id } of rules.checks) bot.answers(id, 'healthy');
    bot.later(1000);
    assert.deepEqual(bot.happened.slice(2), [
      'resolved bot/degraded:certificate recovered',
      'resolved bot/degraded:http recovered',
    ]);
  });

  it('is told of a check that is degraded one time and fails the next, never often enough to be unhealthy', () => {
    const bot = story();
    bot.answers('http', 'degraded');
    for (let round = 0; round < 10; round++) {
      bot.later(15_000);
      bot.answers('http', 'unhealthy');
      bot.later(15_000);
      bot.answers('http', 'degraded');
    }
    bot.later(1000);
    assert.deepEqual(bot.happened, ['opened bot/degraded:http warning']);
  });

  it('does not say the same twice', () => {
    const bot = story({ title: 'HTTP' });
    bot.answers('http', 'unknown');
    bot.later(91_000);
    assert.equal(bot.open.get('bot/unknown:http')?.subject?.title, 'HTTP');
  });

  it('is not told of what is degraded where that is switched off', () => {
    const bot = story({ degraded: false });
    bot.answers('certificate', 'degraded');
    bot.later(3600_000);
    assert.deepEqual(bot.happened, []);
  });
});
