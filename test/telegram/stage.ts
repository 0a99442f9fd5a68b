import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Panels } from '../../src/core/panel-control.ts';
import { reason } from '../../src/core/reason.ts';
import type { Reload } from '../../src/core/reload.ts';
import { createTelegram, type Telegram, type TelegramOptions } from '../../src/telegram/bot.ts';
import type { Timing } from '../../src/telegram/timing.ts';
import { type AlertingWorld, makeAlerting } from '../world/alerting.ts';
import { noDigest } from '../world/delivery.ts';
import { noStores } from '../world/stores.ts';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';
import { until } from '../world/until.ts';
import { FakeControl } from './fake-control.ts';

export const token = '4200:AAHkZ3-xyzABCDEFGHIJKLMNOPQRSTUVWXY';

/** Waits that a test can sit through; the same proportions as in life. */
export const quick: Timing = {
  longPoll: 1_000,
  // Telegram holds the second of two quick polls for 3 s.
  pollRequest: 5_000,
  request: 1_000,
  stall: 10_000,
  stopGrace: 500,
  handlerGrace: 300,
  retryNetwork: { first: 20, most: 100 },
  retryBoot: { first: 20, most: 100 },
  retryConflict: { first: 20, most: 100 },
  retryUnauthorized: 100,
};

export const vera = {
  id: 7,
  name: 'Vera',
  role: 'operator',
  language: null,
  level: 'info',
  quiet_hours: null,
} as const;
export const oleg = { id: 8, name: null, role: 'owner', language: null, level: 'info', quiet_hours: null } as const;
export const guest = {
  id: 9,
  name: 'Guest',
  role: 'viewer',
  language: null,
  level: 'info',
  quiet_hours: null,
} as const;

const nothingChanged: Reload['look'] = () => ({
  ok: true,
  plan: { id: 0, services: [], sections: [], warnings: [] },
});
const nothing = () => Promise.resolve({ ok: false, reason: reason('chart-no-data') } as const);
/** No panel is known. */
const noPanels: Panels = {
  states: () => [],
  state: () => null,
  balance: () => ({ rows: [], botPick: null, pick: null, conditions: [] }),
  databaseProblem: () => null,
  actions: () => null,
  check: async () => null,
  runsAs: () => null,
  autoReconnect: () => false,
  setAutoReconnect: () => undefined,
};
const noPictures = { chart: nothing, dashboard: nothing };

/** Monday noon in UTC. */
export const noon = Date.UTC(2026, 10, 23, 12, 0, 0);

export interface Stage {
  readonly world: TelegramWorld;
  readonly telegram: Telegram;
  readonly control: FakeControl;
  readonly incidents: AlertingWorld;
  /** Which incidents a message shows, as the outbox would know: `<chat> <message>`. */
  readonly copies: Map<string, readonly number[]>;
  /** How often somebody changed what they want to hear. */
  preferences: number;
  readonly settings: Map<string, string>;
  /** What a reload of the configuration says and does; nothing unless the test says so. */
  readonly reload: { look: Reload['look']; apply: Reload['apply'] };
  readonly strangers: { id: number; name: string; username: string | null }[];
  readonly seen: number[];
  readonly states: string[];
  /** Every line of the log. */
  readonly log: string[];
  /** The bot's clock; the world's clock is real. */
  now: number;
  /** Resolves when the bot hears Telegram. */
  heard(): Promise<void>;
}

export interface StageOptions {
  readonly world?: TelegramWorld;
  readonly telegram?: Partial<TelegramOptions>;
  readonly timing?: Partial<Timing>;
  readonly settings?: Map<string, string>;
  readonly queryLifetimeMs?: number;
  readonly start?: boolean;
}

/** A simulated Telegram with our bot in it, torn down after the test. */
export async function setStage(test: TestContext, options: StageOptions = {}): Promise<Stage> {
  const world = options.world ?? (await startTelegram({ token, queryLifetimeMs: options.queryLifetimeMs ?? 15_000 }));
  const settings = options.settings ?? new Map<string, string>();
  const log: string[] = [];
  const stage = {
    ...{ now: noon, preferences: 0 },
    reload: { look: nothingChanged, apply: async () => ({ ok: true, outcomes: [] }) } as Stage['reload'],
    ...{ strangers: [] as Stage['strangers'], seen: [] as number[], states: [] as string[] },
  };
  const clock = () => stage.now;
  const control = new FakeControl(clock);
  const copies = new Map<string, readonly number[]>();
  const incidents = makeAlerting({ clock, serviceExists: (name) => control.services.has(name) });
  control.alerting = incidents.alerting;
  const telegram = createTelegram({
    token,
    apiRoot: world.apiRoot,
    proxy: null,
    admins: [vera, oleg, guest],
    timezone: 'UTC',
    control,
    alerting: incidents.alerting,
    panels: noPanels,
    stores: noStores,
    top: { isOn: () => false, measure: nothing },
    auditPanel: () => undefined,
    history: { series: () => [], bytes: () => 12 * 1024 ** 2 },
    pictures: noPictures,
    panelPictures: { panel: nothing, node: nothing },
    reload: { look: () => stage.reload.look(), apply: (...args) => stage.reload.apply(...args) },
    digests: { report: (span) => ({ ...noDigest, ...span }), picture: async () => null },
    incidentsIn: (chat, message) => copies.get(`${chat} ${message}`) ?? [],
    onPreferences: () => {
      stage.preferences += 1;
    },
    settings: {
      get: (key) => settings.get(key) ?? null,
      set: (key, value) => void (value === null ? settings.delete(key) : settings.set(key, value)),
    },
    clock,
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    version: '0.1.0',
    onStranger: (who) => void stage.strangers.push(who),
    onStuck: () => undefined,
    onAdminSeen: (id) => void stage.seen.push(id),
    onState: ({ state }) => void stage.states.push(state),
    timing: { ...quick, ...options.timing },
    ...options.telegram,
  });
  if (options.start !== false) telegram.start();
  test.after(async () => {
    await telegram.stop();
    if (options.world === undefined) await world.stop();
  });
  return Object.assign(stage, {
    ...{ world, telegram, control, incidents, copies, settings, log },
    heard: async () => {
      await until(() => stage.states.at(-1) === 'polling', 'the bot to hear Telegram');
    },
  });
}
