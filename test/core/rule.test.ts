import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Metric, MetricUnit } from '../../src/core/health.ts';
import { changeIncident, type Incident, incidentKey } from '../../src/core/incident.ts';
import {
  type Asked,
  applyRules,
  isAsked,
  numberOf,
  type Rule,
  type RuleRecord,
  rulesFor,
} from '../../src/core/rule.ts';

const check: Asked = { id: 'process', kind: 'process', every: 10_000 };
const limit = (value: number, ms = false) => ({ value, ms });
const rule = (more: Partial<Rule> = {}): Rule => ({
  ...{ metric: 'cpu', check: null, over: limit(90), under: null, for: 300_000, clear: limit(80), level: 'warning' },
  ...more,
});

/** A number that is read every ten seconds, with its incidents as the ledger keeps them. */
function story(rules: readonly Rule[] = [rule()], name = 'cpu', unit: MetricUnit = '%') {
  const open = new Map<string, Incident>();
  const happened: string[] = [];
  let records: readonly RuleRecord[] = [];
  let now = 0;
  let id = 0;
  const reads = (values: readonly (number | null)[], every = 10_000) => {
    for (const value of values) {
      now += every;
      const metrics: Metric[] = value === null ? [{ name: 'other', value: 0, unit }] : [{ name, value, unit }];
      const isOpen = (key: string) => open.has(`bot/${key}`);
      const step = applyRules('Shop bot', check, rules, metrics, records, isOpen, now);
      records = step.records;
      for (const input of step.inputs) {
        const key = incidentKey('bot', input);
        const change = changeIncident(open.get(key) ?? null, 'bot', input, () => ++id, now);
        assert.ok(change);
        happened.push(`${change.change} ${now / 1000} ${change.incident.resolution ?? change.incident.level}`);
        if (change.incident.resolvedAt === null) open.set(key, change.incident);
        else open.delete(key);
      }
    }
  };
  return {
    ...{ open, happened, reads },
    /** `seconds` of the same value. */
    stays: (value: number, seconds: number) => reads(Array<number>(seconds / 10).fill(value)),
    /** All but the incidents is forgotten. */
    managerDies() {
      records = [];
    },
  };
}

describe('a rule on a number', () => {
  it('opens when it has been over the limit for so long, and ends at the clear value', () => {
    const cpu = story();
    cpu.stays(97, 300);
    assert.deepEqual(cpu.happened, []);
    cpu.stays(97, 10);
    assert.deepEqual(cpu.happened, ['opened 310 warning']);
    const [incident] = [...cpu.open.values()];
    assert.equal(incident?.subject?.title, 'Shop bot (process: cpu)');
    assert.deepEqual(incident?.reason.args, { metric: 'cpu', value: 97, limit: 90, unit: '%', lasted: 300_000 });
    cpu.stays(85, 600);
    assert.equal(cpu.happened.length, 1, 'between the two it stays as it is');
    cpu.stays(80, 10);
    assert.deepEqual(cpu.happened.slice(1), ['resolved 920 recovered']);
    assert.equal(incident === undefined ? null : cpu.open.size, 0);
  });

  it('starts to count anew with each value inside the limit', () => {
    const cpu = story();
    for (let round = 0; round < 10; round++) {
      cpu.stays(99, 290);
      cpu.stays(90, 10);
    }
    assert.deepEqual(cpu.happened, []);
  });

  it('starts to count anew after a time without a value', () => {
    const cpu = story();
    cpu.stays(99, 200);
    cpu.reads([99], 40_000);
    cpu.stays(99, 290);
    assert.deepEqual(cpu.happened, []);
    cpu.stays(99, 10);
    assert.equal(cpu.happened.length, 1);
  });

  it('opens at once where it says so', () => {
    const cpu = story([rule({ for: 0 })]);
    cpu.reads([91]);
    assert.deepEqual(cpu.happened, ['opened 10 warning']);
  });

  it('watches for too little as well', () => {
    const rate = story(
      [rule({ metric: 'hit_rate', over: null, under: limit(60), clear: limit(70), for: 0 })],
      'hit_rate',
    );
    rate.reads([60, 59, 65, 69, 70]);
    assert.deepEqual(rate.happened, ['opened 20 warning', 'resolved 50 recovered']);
  });

  it('is over five percent inside the limit where nobody said when', () => {
    const over = story([rule({ clear: null, for: 0 })]);
    over.reads([91, 88, 86, 85.4]);
    assert.deepEqual(over.happened, ['opened 10 warning', 'resolved 40 recovered']);
    const under = story([rule({ over: null, under: limit(10), clear: null, for: 0 })]);
    under.reads([9, 10.2, 10.5]);
    assert.deepEqual(under.happened, ['opened 10 warning', 'resolved 30 recovered']);
    const any = story([rule({ over: limit(0), clear: null, for: 0 })]);
    any.reads([1, 0]);
    assert.deepEqual(any.happened, ['opened 10 warning', 'resolved 20 recovered']);
  });

  it('takes a duration for a number in ms and for one in seconds', () => {
    const ms = story([rule({ metric: 'latency', over: limit(800, true), clear: null, for: 0 })], 'latency', 'ms');
    ms.reads([799, 801]);
    assert.equal(ms.happened.length, 1);
    const s = story([rule({ metric: 'lag', over: limit(120_000, true), clear: null, for: 0 })], 'lag', 's');
    s.reads([119, 121]);
    assert.equal(s.happened.length, 1);
    assert.equal([...s.open.values()][0]?.reason.args?.limit, 120);
  });

  it('is not opened again by the next manager, and ended by it', () => {
    const cpu = story();
    cpu.stays(97, 310);
    cpu.managerDies();
    cpu.stays(97, 600);
    assert.equal(cpu.happened.length, 1);
    cpu.stays(50, 10);
    assert.deepEqual(cpu.happened.slice(1), ['resolved 920 recovered']);
  });

  it('has more patience each time it was not over: a day of hanging about the limit is no storm', () => {
    const cpu = story([rule({ for: 0 })]);
    for (let n = 0; n < 24 * 180; n++) cpu.reads([95, 70]);
    assert.ok(cpu.happened.length <= 4, cpu.happened.join('\n'));
    cpu.stays(50, 900);
    assert.equal(cpu.open.size, 0, 'but it does end');
  });

  it('has an incident for each of two rules on the same number', () => {
    const cpu = story([rule({ for: 0 }), rule({ for: 0, over: limit(98), clear: null, level: 'critical' })]);
    cpu.reads([95, 99]);
    assert.deepEqual(cpu.happened, ['opened 10 warning', 'opened 20 critical']);
    assert.equal(cpu.open.size, 2);
  });

  it('stands for every disk where it names none', () => {
    const all = [rule({ metric: 'disk', for: 0 })];
    const disk = (path: string, value: number): Metric => ({ name: `disk:${path}`, value, unit: '%' });
    const metrics = [disk('/', 50), disk('/var', 95), disk('/home', 96), { ...disk('/', 99), name: 'disk_free:/' }];
    const { inputs } = applyRules(
      'Host',
      { id: 'host', kind: 'host', every: 30_000 },
      all,
      metrics,
      [],
      () => false,
      0,
    );
    assert.equal(inputs[0]?.subject?.title, 'Host (disk:/var)', 'the same is not said twice');
    assert.deepEqual(
      inputs.map(({ subject }) => subject?.key),
      ['rule:host/disk:/var>90', 'rule:host/disk:/home>90'],
    );
  });

  it('ends when the number is not measured any more, though its check answers', () => {
    const cpu = story([rule({ for: 0 })]);
    cpu.reads([95]);
    cpu.reads(Array<null>(59).fill(null));
    assert.equal(cpu.happened.length, 1);
    cpu.reads([null]);
    assert.deepEqual(cpu.happened.slice(1), ['resolved 610 gone']);
  });
});

describe('the rules of a check', () => {
  it('are its own, those of no check, and the usual ones that it does not replace', () => {
    const own = [rule(), rule({ check: 'http', metric: 'latency' })];
    assert.deepEqual(
      rulesFor(check, own, true).map(({ metric }) => metric),
      ['cpu', 'open_files_used'],
    );
    assert.deepEqual(
      rulesFor(check, [rule({ metric: 'open_files_used', over: limit(95) })], true).map(({ over }) => over?.value),
      [95],
    );
    assert.deepEqual(rulesFor(check, [], false), []);
    assert.deepEqual(
      rulesFor({ id: 'http', kind: 'http', every: 1 }, own, false).map(({ metric }) => metric),
      ['cpu', 'latency'],
    );
  });

  it('are known again by what their incidents are about', () => {
    const about = (key: string) => ({ kind: 'rule', subject: { key, title: '', advice: null } }) as Incident;
    const asked = (key: string, rules: readonly Rule[]) => isAsked(about(key), [check], () => rules);
    assert.ok(asked('rule:process/cpu>90', [rule()]));
    assert.ok(!asked('rule:process/cpu>90', [rule({ over: limit(95) })]));
    assert.ok(!asked('rule:http/cpu>90', [rule()]));
    assert.ok(asked('rule:process/disk:/var>90', [rule({ metric: 'disk' })]));
    assert.ok(!asked('rule:process/disk_free:/>90', [rule({ metric: 'disk' })]));
    assert.deepEqual(numberOf(about('rule:host/disk:/var>90')), { check: 'host', metric: 'disk:/var' });
    assert.equal(numberOf({ kind: 'down' }), null);
  });
});
