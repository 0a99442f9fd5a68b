import * as z from 'zod';
import type { MetricUnit } from '../core/health.ts';
import { service } from './service-schema.ts';
import {
  anchor,
  chatId,
  cronByMinute,
  duration,
  integer,
  interval,
  list,
  mailAddress,
  oneOf,
  optional,
  quietHours,
  section,
  smtpAddress,
  synonyms,
  text,
  timeZone,
  topicId,
  userId,
  webAddress,
  windowLength,
} from './values.ts';

export { servedChecks, servedDrivers } from './served.ts';
export type { QuietHours, Rate, StatusRange } from './values.ts';

/**
 * The reference of `config/services.yaml`: every key, its default and what it means; services and their checks stand in
 * service-schema.ts and check-schema.ts, the kinds of values (durations, sizes, …) in values.ts. Unknown keys are
 * mistakes. What `null` means is said where it is allowed; in a section it means "nothing set here".
 */

/** One entry of `admins:`: somebody beyond ADMIN_CHAT_IDS, or more about one of those. */
const admin = z.strictObject({
  /** Telegram user id. */
  id: userId,
  /** How others read who did something. Default: Telegram's name. */
  name: optional(text),
  /** viewer sees; operator acts on services and alerts; owner also changes who and what. */
  role: oneOf('viewer', 'operator', 'owner').prefault('operator'),
  /** en or ru. Default: the language of the person's Telegram. */
  language: optional(oneOf('en', 'ru')),
  /** Where the person is: an IANA name. For the times they read and their quiet hours. Default: `monitoring.timezone`. */
  timezone: optional(timeZone),
  /** `23:00-08:00`: only critical alerts in these hours. In the person's time zone. */
  quiet_hours: optional(quietHours),
  /** Alerts from this level up: info, warning, error or critical. The person can choose another in the chat. */
  level: oneOf('info', 'warning', 'error', 'critical').prefault('info'),
  /** first hears of everything; next only of what was escalated because nobody acknowledged it. */
  tier: oneOf('first', 'next').prefault('first'),
});

const telegram = z.strictObject({
  /** Id of a group that gets the alerts too, beside the admins' own chats. */
  alert_chat: optional(chatId),
  /** Topic of that group. */
  alert_topic: optional(topicId),
});

const email = z.strictObject({
  /** Who gets it. */
  to: mailAddress,
  /** The mail server, with its login if it wants one: smtp://user:password@host:587 or smtps://…. Default: this host's. */
  smtp_url: smtpAddress.prefault('smtp://127.0.0.1:25'),
  /** Default: the address that gets it. */
  from: optional(mailAddress),
});

const alerts = z.strictObject({
  /** The same alert is not said again sooner than this, however small `repeat_every` is. */
  min_interval: duration.prefault('300s'),
  /** What happens within this time is said in one message. */
  group_window: duration.prefault('5s'),
  /** An incident that nobody acknowledged is said again after this. 0: never. */
  repeat_every: duration.prefault('1h'),
  /** A critical incident that nobody acknowledged for so long goes to the next admins (tier: next) too. 0: never. */
  escalate_after: duration.prefault('15m'),
  /**
   * Where alerts go that nobody acknowledged, and all of them while Telegram is away: an address, or more about it.
   */
  email: optional(z.preprocess((found) => (typeof found === 'string' ? { to: found } : found), email)),
  /** The same as JSON, posted to this address (URL). */
  webhook: optional(webAddress),
});

const metrics = z.strictObject({
  /** How often processor and memory of each service are read. */
  collect_interval: interval.prefault('10s'),
  /** History is kept for so many days. */
  retention_days: integer(1, 3650).prefault(30),
  /** Look of the charts: dark or light. */
  theme: oneOf('dark', 'light').prefault('dark'),
});

/** Work that is done at fixed times: nothing sounds, and the manager restarts nothing. */
const maintenance = z.strictObject({
  /** When it begins, in five fields; on a day on which the clocks change as for `schedule`. */
  cron: cronByMinute,
  /** How long it lasts: 1m to 7d. */
  for: windowLength,
  /** Which services; none: everything. */
  services: list(text),
});

/** Of three owners: one that is blocked, or down, proves nothing. */
const LINK_ANCHORS = ['1.1.1.1:443', '8.8.8.8:443', '77.88.8.8:443'];

const monitoring = z.strictObject({
  /** Time zone of schedules, quiet hours and the times in messages: an IANA name. Default: the machine's. */
  timezone: timeZone.prefault(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
  alerts: section(alerts),
  metrics: section(metrics),
  /** Planned maintenance: `[{ cron: "0 4 * * 0", for: 1h, services: [postgres] }]`. */
  maintenance: list(maintenance),
  /** When the daily summary is sent, as cron of five fields; empty: off. */
  digest: cronByMinute.prefault('0 9 * * *'),
  /**
   * Well-known addresses (host:port) that are asked for a connection when something beyond this host does not answer: if
   * none of them does either, the host itself has no network, and nobody else is blamed for it. []: never asked.
   */
  link_anchors: z.preprocess((found) => found ?? [], z.array(anchor).readonly()).prefault(LINK_ANCHORS),
  /** Address that is called each minute while all is well: the dead man's switch. */
  heartbeat_url: optional(webAddress),
});

/** The read-only endpoint; `http: null` = none. */
const http = z.strictObject({
  /** Address to listen on. */
  host: text.prefault('127.0.0.1'),
  /** Port; 0: any free one. */
  port: integer(0, 65535).prefault(8080),
});

/** What the seed called its levels, in pino's words. */
const levelWords = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
} as const;

/** The manager's own log, on standard output. */
const logging = z.strictObject({
  /** trace, debug, info, warn, error or fatal. */
  level: synonyms(levelWords, ['trace', 'debug', 'info', 'warn', 'error', 'fatal']).prefault('info'),
  /** json (one object a line) or text. */
  format: oneOf('json', 'text').prefault('json'),
});

/** The whole file. */
export const file = z.strictObject({
  services: section(z.record(z.string(), service)),
  admins: list(admin),
  telegram: section(telegram),
  monitoring: section(monitoring),
  http: http.nullable().prefault({}),
  logging: section(logging),
});

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

type File = Frozen<z.output<typeof file>>;
type ServiceInFile = File['services'][string];
type CheckInFile = ServiceInFile['checks'][number];
type MetricInFile = ServiceInFile['metrics'][number];

/** What is filled in beyond the file, by type: timeouts (ms), absolute paths. */
interface FilledIn {
  readonly http: { readonly timeout: number };
  readonly log: { readonly path: string };
  readonly command: { readonly cwd: string };
}

/** A check, ready to be asked: it has an id of its own, and nothing depends on its service any more. */
export type CheckConfig = CheckInFile extends infer Check
  ? Check extends { readonly type: infer Type extends keyof FilledIn }
    ? Omit<Check, 'id' | keyof FilledIn[Type]> & FilledIn[Type] & { readonly id: string }
    : Omit<Check, 'id'> & { readonly id: string }
  : never;

/** A check of one type. */
export type CheckConfigOf<Type extends CheckConfig['type']> = Extract<CheckConfig, { readonly type: Type }>;

/** A number of one's own, ready to be read: its unit is that of what is kept. */
export type MetricConfig = MetricInFile extends infer Metric
  ? Metric extends { readonly from: 'command' }
    ? Omit<Metric, 'unit' | 'cwd'> & { readonly unit: MetricUnit; readonly cwd: string }
    : Omit<Metric, 'unit'> & { readonly unit: MetricUnit }
  : never;

/** A number of one source. */
export type MetricConfigOf<From extends MetricConfig['from']> = Extract<MetricConfig, { readonly from: From }>;

/**
 * A service; which keys it has depends on `driver`. All durations are ms, sizes bytes, paths absolute; `depends_on`
 * names enabled services only; `tmux_socket` with a slash is a path.
 */
export type ServiceConfig = ServiceInFile extends infer Service
  ? Service extends { readonly cwd: string | null }
    ? Omit<Service, 'checks' | 'metrics' | 'title' | 'cwd'> & Named & { readonly cwd: string }
    : Omit<Service, 'checks' | 'metrics' | 'title'> & Named
  : never;

interface Named {
  readonly name: string;
  readonly title: string;
  readonly checks: readonly CheckConfig[];
  readonly metrics: readonly MetricConfig[];
}

/** A service of one driver. */
export type ServiceConfigOf<Driver extends ServiceConfig['driver']> = Extract<
  ServiceConfig,
  { readonly driver: Driver }
>;

/** Somebody who may use the bot: from ADMIN_CHAT_IDS (owners) and `admins:`. */
export type AdminConfig = File['admins'][number];

/** What the environment gives. */
export interface TelegramConfig {
  /** Secret. */
  readonly token: string;
  /** Without a trailing slash; null: Telegram's own. */
  readonly api_root: string | null;
  /** socks5://, socks5h://, http:// or https://; may hold a password. */
  readonly proxy: string | null;
  readonly alert_chat: number | null;
  readonly alert_topic: number | null;
}

export interface HttpConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Secret; null: what needs a login is not served. */
  readonly token: string | null;
}

/** What the environment says of the shop, whose panels are found by it. */
export interface ShopConfig {
  /** May hold a password. */
  readonly database_url: string | null;
  /** `PANEL_*` or `MARZBAN_*`, with the password. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Everything that the manager is told from outside. Frozen through and through. */
export interface Config {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute. */
  readonly data_dir: string;
  /** In the order of the file; without those that are switched off (`enabled: false`). */
  readonly services: readonly ServiceConfig[];
  /** At least one; the environment's owners first. */
  readonly admins: readonly AdminConfig[];
  readonly shop: ShopConfig;
  readonly telegram: TelegramConfig;
  readonly monitoring: File['monitoring'];
  readonly http: HttpConfig | null;
  readonly logging: File['logging'];
}
