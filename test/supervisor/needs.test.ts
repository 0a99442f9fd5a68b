/** What services need of each other when people start and stop them: one, with what it needs, and all at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { inOrder } from '../../src/core/in-order.ts';
import { newService, type Run, type ServiceRecord } from '../../src/core/service.ts';
import type { Actor, Verb } from '../../src/core/snapshot.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { createAudit } from '../../src/store/audit.ts';
import { openStore } from '../../src/store/database.ts';
import { createServiceTable } from '../../src/store/services.ts';
import { createControl } from '../../src/supervisor/control.ts';
import { createHold } from '../../src/supervisor/hold.ts';
import type { Managed } from '../../src/supervisor/managed.ts';
import { createMonitor } from '../../src/supervisor/monitor.ts';
import { makeAlerting } from '../world/alerting.ts';
import { until } from '../world/until.ts';
import { telegramView } from '../world/views.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };
const vera: Actor = { kind: 'telegram', id: '7', name: 'Vera' };

/** How it begins. */
interface Around {
  readonly wanted: ServiceRecord['wanted'];
  /** Their drivers cannot see them. */
  readonly unseen: readonly string[];
  /** Their starts wait for the test. */
  readonly held: readonly string[];
  /** Their `start_grace`. */
  readonly grace: string | number;
}
const rest: Around = { wanted: 'down', unseen: [], held: [], grace: 0 };

/** Services that need each other as said, all down; their drivers do at once what they are told, or refuse to start. */
async function stage(
  needs: Readonly<Record<string, readonly string[]>>,
  broken: readonly string[] = [],
  around: Partial<Around> = {},
) {
  const { wanted, unseen, held: begunHeld, grace }: Around = { ...rest, ...around };
  const yaml = Object.entries(needs).map(([name, depends_on]) => {
    const settings =
      name === 'host' ? { driver: 'external' } : { driver: 'process', command: [name], start_grace: grace };
    return [name, { title: name.toUpperCase(), depends_on, ...settings }];
  });
  const readFile = () => stringify({ services: Object.fromEntries(yaml) });
  const loaded = loadConfig({ path: '/etc/orbit/services.yaml', env, readFile });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const time = { now: 1_000_000 };
  const clock = () => time.now;
  const hidden = new Set(unseen);
  /** What the drivers did, in order; `+`: up, `-`: down. */
  const done: string[] = [];
  /** Starts and stops that wait until the test lets them go. */
  const held = new Map<string, () => void>();
  const hold = new Set<string>(begunHeld);
  const turnOf = (name: string) =>
    hold.has(name) ? new Promise<void>((resolve) => void held.set(name, resolve)) : Promise.resolve();

  const services = new Map<string, Managed>();
  /** How each is made to end. */
  const tell = new Map<string, (code: number) => void>();
  for (const config of loaded.config.services) {
    const { name } = config;
    let run: Run | null = name === 'host' ? { id: name, pid: null, startedAt: 0 } : null;
    const driver: Driver = {
      kind: config.driver,
      async inspect() {
        if (hidden.has(name)) return { state: 'unknown', reason: { code: 'docker-no-socket' } };
        return run === null ? { state: 'absent' } : { state: 'running', run };
      },
      async start() {
        await turnOf(name);
        if (broken.includes(name)) return { ok: false, fatal: true, reason: { code: 'command-missing' } };
        run ??= { id: `${name}-${done.push(`+${name}`)}`, pid: 1, startedAt: clock() };
        return { ok: true, run };
      },
      async stop() {
        await turnOf(name);
        if (run !== null) done.push(`-${name}`);
        run = null;
        return { ok: true, exit: null, killed: [] };
      },
      onChange: (listener) =>
        void tell.set(name, (code) => {
          const ended = run;
          run = null;
          if (ended !== null) listener({ state: 'exited', run: ended, exit: { code, signal: null, at: clock() } });
        }),
      logs: async () => [],
      close: async () => undefined,
    };
    const record: ServiceRecord = { ...newService(name, 0), wanted, lastRun: wanted === 'up' ? null : 'before' };
    services.set(name, {
      ...{ config, driver, record, checks: [], operation: null, retry: null },
      commits: Promise.resolve(),
    });
  }
  const log = pino({ level: 'silent' });
  const { ledger } = makeAlerting({ clock });
  const store = openStore(':memory:');
  const audit = createAudit(store);
  const waits = createHold({ services, clock, mutes: () => [] });
  const monitor = createMonitor({
    ...{ services, ledger, clock, log, random: () => 0 },
    holdsStart: (service) => waits.on(service),
    serviceTable: createServiceTable(store),
    samples: { add: () => undefined, started: () => undefined },
  });
  const control = createControl({
    ...{ services, monitor, ledger, clock, log, audit, host: 'vps', version: '1', mutes: () => [] },
    hold: waits,
    telegram: () => telegramView,
  });
  await monitor.begin();
  return {
    ...{ control, audit, services, done, hold },
    up: () =>
      [...services.values()].filter(({ record }) => record.state === 'running').map(({ config }) => config.name),
    /** Its process ends by itself. */
    async dies(name: string) {
      tell.get(name)?.(1);
      await settle();
    },
    /** Its driver sees it again. */
    shows: (name: string) => hidden.delete(name),
    why: (name: string) => services.get(name)?.record.reason,
    /** `ms` later, all that is due is done. */
    async later(ms: number) {
      time.now += ms;
      monitor.tick();
      await settle();
    },
    async letGo(name: string) {
      await until(() => held.has(name), `the start or stop of ${name}`);
      const go = held.get(name);
      assert.ok(go, `${name} is not being started or stopped`);
      held.delete(name);
      hold.delete(name);
      go();
    },
    /** Which ones are being worked on, once nothing moves any more. */
    async waiting() {
      await settle();
      return [...held.keys()].sort();
    },
    async all(verb: Verb) {
      const results = await control.actAll(verb, vera);
      return Object.fromEntries(
        [...results].map(([name, result]) => [name, result.ok ? (result.note?.code ?? 'ok') : result.reason.code]),
      );
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const shop = { postgres: [], redis: [], bot: ['postgres', 'redis', 'host'], site: ['bot'], host: [] };

describe('starting what needs something that is down', () => {
  it('is refused, and the refusal names it; nothing was touched', async () => {
    const world = await stage(shop);
    await world.control.act('redis', 'start', vera);
    for (const verb of ['start', 'restart'] as const) {
      const result = await world.control.act('bot', verb, vera);
      assert.deepEqual(result.ok ? null : result.reason, {
        code: 'needs-down',
        args: { names: 'POSTGRES', count: 1, how: 'down' },
      });
    }
    assert.deepEqual(world.done, ['+redis']);
    assert.equal(world.services.get('bot')?.record.wanted, 'down');
  });

  it('goes ahead when that is what is wanted', async () => {
    const world = await stage(shop);
    assert.ok((await world.control.act('bot', 'start', vera, 'ignore')).ok);
    assert.deepEqual(world.done, ['+bot']);
  });

  it('starts that first, and what that needs; somebody else’s start of it is waited for, not doubled', async () => {
    const world = await stage(shop);
    world.hold.add('postgres');
    const theirs = world.control.act('postgres', 'start', { ...vera, name: 'Oleg' });
    const ours = world.control.act('site', 'start', vera, 'first');
    assert.deepEqual(await world.waiting(), ['postgres']);
    const busy = await world.control.act('site', 'start', { ...vera, name: 'Oleg' });
    assert.equal(busy.ok ? '' : busy.reason.code, 'busy-start', 'it is taken while what it needs is being started');
    await world.letGo('postgres');
    assert.deepEqual([(await ours).ok, (await theirs).ok], [true, true]);
    assert.deepEqual(world.done, ['+redis', '+postgres', '+bot', '+site']);
  });

  it('is not started when that fails; who needs it is told which', async () => {
    const world = await stage(shop, ['postgres']);
    const result = await world.control.act('bot', 'start', vera, 'first');
    assert.deepEqual(result.ok ? null : result.reason, { code: 'need-not-started', args: { name: 'POSTGRES' } });
    assert.deepEqual(world.done, ['+redis']);
    const audited = world.audit.last(3).map(({ action, service, refused }) => `${action} ${service} ${refused?.code}`);
    assert.equal(audited[0], 'start bot need-not-started');
    assert.deepEqual(audited.slice(1).sort(), ['start postgres command-missing', 'start redis undefined']);
  });

  it('what is only watched has no Start to offer, and none to be forced', async () => {
    const world = await stage(shop);
    const host = world.control.snapshot().services.find(({ name }) => name === 'host');
    assert.deepEqual([host?.state, host?.can], ['running', []]);
    for (const verb of ['start', 'stop', 'restart'] as const) {
      const result = await world.control.act('host', verb, vera, 'ignore');
      assert.equal(result.ok ? 'done' : result.reason.code, 'watched-only', verb);
    }
  });

  it('a restart of what runs asks as well, a stop never', async () => {
    const world = await stage(shop);
    await world.all('start');
    await world.control.act('postgres', 'stop', vera);
    const result = await world.control.act('bot', 'restart', vera);
    assert.equal(result.ok ? '' : result.reason.code, 'needs-down');
    assert.ok((await world.control.act('bot', 'stop', vera)).ok);
  });
});

describe('what the manager starts by itself', () => {
  const chain = { d: ['c'], c: ['b'], b: ['a'], a: [] };
  const needsDown = (name: string) => ({ code: 'held-dependency', args: { name } });

  it('waits for what it needs, and no moment longer: a chain is up as soon as its links are', async () => {
    // The clock stands still: nothing comes of asking again each second.
    const world = await stage(chain, [], { wanted: 'up', held: ['a'] });
    assert.deepEqual(await world.waiting(), ['a']);
    assert.deepEqual([world.why('b'), world.why('c')], [needsDown('A'), needsDown('B')]);
    await world.letGo('a');
    await world.waiting();
    assert.deepEqual(world.done, ['+a', '+b', '+c', '+d']);
  });

  it('names what it waits for now, not what it waited for first', async () => {
    const world = await stage({ bot: ['redis', 'db'], redis: [], db: [] }, [], { wanted: 'up', held: ['redis', 'db'] });
    assert.deepEqual(world.why('bot'), needsDown('REDIS'));
    await world.letGo('redis');
    await world.waiting();
    assert.deepEqual(world.why('bot'), needsDown('DB'));
    const view = world.control.snapshot().services.find(({ name }) => name === 'bot');
    assert.deepEqual([view?.state, view?.retryAt], ['backing-off', null], 'no time is given that nobody knows');
    await world.letGo('db');
    await world.waiting();
    assert.deepEqual(world.done, ['+redis', '+db', '+bot']);
  });

  it('is not drawn into a crash loop of what it needs, and starts once that stays up', async () => {
    const world = await stage({ bot: ['db'], db: [] }, [], { wanted: 'up', grace: '10s' });
    await world.waiting();
    await world.dies('db');
    await world.later(30_000);
    assert.deepEqual(world.up(), ['bot', 'db']);
    await world.dies('db');
    await world.dies('bot');
    await world.later(40_000);
    await world.later(1_000);
    assert.deepEqual(world.up(), ['db']);
    assert.deepEqual(world.why('bot'), { code: 'held-unproven', args: { name: 'DB' } });
    await world.later(9_000);
    assert.deepEqual(world.up(), ['bot', 'db']);
  });

  it('is not started a second time by whoever starts what it needs first', async () => {
    const world = await stage({ bot: ['db'], db: [] }, [], { wanted: 'up', held: ['db', 'bot'] });
    const theirs = world.control.act('bot', 'start', vera, 'first');
    await world.letGo('db');
    await world.letGo('bot');
    assert.ok((await theirs).ok);
    assert.deepEqual([world.done, await world.waiting()], [['+db', '+bot'], []]);
  });

  it('waits a minute for the sight of what nobody can see, says so, and then goes ahead', async () => {
    const world = await stage({ bot: ['panel'], panel: [] }, [], { wanted: 'up', unseen: ['panel'] });
    await world.later(1_000);
    const why = { code: 'held-unseen', args: { name: 'PANEL', seconds: 60 } };
    assert.deepEqual([world.why('bot'), world.done], [why, []]);
    const asked = await world.control.act('bot', 'start', vera);
    const args = { names: 'PANEL', count: 1, how: 'unseen' };
    assert.deepEqual(asked.ok ? null : asked.reason, { code: 'needs-down', args }, 'a person is asked');
    await world.later(58_000);
    assert.deepEqual(world.done, []);
    await world.later(1_000);
    assert.deepEqual(world.done, ['+bot']);
    await world.control.act('bot', 'stop', vera);
    assert.equal((await world.all('start')).bot, 'ok', 'all are started as far as they can be');
  });

  it('goes at once when it is seen', async () => {
    const world = await stage({ bot: ['panel'], panel: [] }, [], { wanted: 'up', unseen: ['panel'] });
    world.shows('panel');
    await world.later(6_000);
    assert.deepEqual(world.done, ['+panel', '+bot']);
  });
});

describe('all services', () => {
  it('start each after what it needs, and what is independent together', async () => {
    const world = await stage(shop);
    for (const name of ['postgres', 'redis', 'bot']) world.hold.add(name);
    const results = world.all('start');
    assert.deepEqual(await world.waiting(), ['postgres', 'redis']);
    await world.letGo('redis');
    assert.deepEqual(await world.waiting(), ['postgres']);
    await world.letGo('postgres');
    await world.letGo('bot');
    assert.deepEqual(await results, { postgres: 'ok', redis: 'ok', bot: 'ok', site: 'ok' });
    assert.deepEqual(world.done, ['+redis', '+postgres', '+bot', '+site']);
  });

  it('stop in reverse; one that takes its time keeps only those waiting that it depends on', async () => {
    const world = await stage({ ...shop, mail: ['redis'], cron: [] });
    await world.all('start');
    world.done.length = 0;
    world.hold.add('mail');
    const results = world.all('stop');
    assert.deepEqual(await world.waiting(), ['mail']);
    assert.deepEqual([...world.done].sort(), ['-bot', '-cron', '-postgres', '-site']);
    assert.ok(world.done.indexOf('-site') < world.done.indexOf('-bot'));
    assert.ok(world.done.indexOf('-bot') < world.done.indexOf('-postgres'));
    await world.letGo('mail');
    assert.deepEqual(Object.values(await results), Array(6).fill('ok'));
    assert.deepEqual(world.up(), ['host'], 'what is only watched is no concern of theirs');
  });

  it('what needs something that does not come up is left down, and says why; the others start', async () => {
    const world = await stage(shop, ['postgres']);
    const results = await world.all('start');
    assert.deepEqual(results, { postgres: 'command-missing', redis: 'ok', bot: 'needs-down', site: 'needs-down' });
  });

  it('restart leaves alone what somebody has stopped', async () => {
    const world = await stage(shop);
    await world.all('start');
    await world.control.act('site', 'stop', vera);
    world.done.length = 0;
    assert.deepEqual(await world.all('restart'), { postgres: 'ok', redis: 'ok', bot: 'ok' });
    assert.ok(world.done.indexOf('+postgres') < world.done.indexOf('-bot'), world.done.join(' '));
    assert.equal(world.services.get('site')?.record.state, 'stopped');
  });

  it('a cycle, which a reload in part may leave, ends nobody', async () => {
    const world = await stage(shop);
    const postgres = world.services.get('postgres');
    assert.ok(postgres);
    postgres.config = { ...postgres.config, depends_on: ['bot'] };
    assert.ok((await world.control.act('redis', 'start', vera)).ok);
    assert.equal((await world.control.act('bot', 'start', vera, 'first')).ok, false);
    assert.ok((await world.control.act('bot', 'start', vera, 'ignore')).ok);
  });

  it('a cycle, which no configuration has, does not keep anybody waiting', async () => {
    const done: string[] = [];
    const needs: Readonly<Record<string, readonly string[]>> = { a: ['b'], b: ['a'], c: ['gone'] };
    await inOrder(
      ['a', 'b', 'c'],
      (name) => needs[name] ?? [],
      async (name) => void done.push(name),
    );
    assert.deepEqual(done.sort(), ['a', 'b', 'c']);
  });
});
