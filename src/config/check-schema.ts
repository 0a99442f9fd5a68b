import { isIP } from 'node:net';
import * as z from 'zod';
import { coreLogs } from '../core/panel-view.ts';
import { command } from './command.ts';
import {
  anyText,
  deadline,
  decimal,
  duration,
  flag,
  integer,
  list,
  oneOf,
  oneOfCapitals,
  optional,
  pattern,
  percentage,
  rate,
  reader,
  section,
  shaped,
  statuses,
  text,
  webAddress,
} from './values.ts';

/** An address that may hold a password: what it looks like is all that is said of a wrong one. */
function storeAddress(code: string, shape: RegExp) {
  return reader(code, (found) => (typeof found === 'string' && shape.test(found.trim()) ? found.trim() : undefined));
}

/** Of stores. */
export const address = {
  redis: storeAddress('config-redis-address', /^(?:rediss?:\/\/[^/]|unix:\/\/\/)/i),
  postgres: storeAddress('config-postgres-address', /^postgres(?:ql)?(?:\+\w+)?:\/\/./i),
};

const variables = section(z.record(shaped('config-variable-name', /^[A-Za-z_][A-Za-z0-9_]*$/), anyText));

/** How a check may be called within its service. */
export const checkId = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** What every check has. */
const common = {
  /** Name of the check within its service, under which its history is kept. Default: its type (`http`, `http-2`). */
  id: optional(shaped('config-check-id', checkId)),
};

/** The service's own process is there. */
const processCheck = z.strictObject({ type: z.literal('process'), ...common });

/** An address answers as it should. */
const httpCheck = z.strictObject({
  type: z.literal('http'),
  ...common,
  /** Address, http:// or https://, without user and password. */
  url: webAddress,
  /** GET or HEAD. */
  method: oneOfCapitals('GET', 'HEAD').prefault('GET'),
  /** Statuses that are right: `200`, `200-299`, or a list of these. */
  expect_status: statuses.prefault('200-399'),
  /** Regular expression (at most 200 characters) that the body has to match; not with HEAD. */
  body_matches: optional(pattern),
  /** An answer slower than this is degraded. */
  degraded_over: optional(duration),
  /** An answer slower than this is none. Default: the service's `health_check_timeout`. */
  timeout: optional(deadline),
  /** Follow redirects (at most 5), or judge the redirect itself. */
  follow_redirects: flag.prefault(true),
  /** https: so many days before its certificate expires it is degraded. */
  degraded_days: integer(0, 3650).prefault(14),
  /** https: so many days before its certificate expires it is unhealthy. */
  unhealthy_days: integer(0, 3650).prefault(3),
});

/** A name or an address of a machine. */
const host = reader('config-host', (found) => {
  if (typeof found !== 'string') return undefined;
  return /^[a-z0-9_][\w.-]{0,252}$/i.test(found) || isIP(found) !== 0 ? found : undefined;
});
const port = integer(1, 65_535);

/** A port takes connections. */
const tcpCheck = z.strictObject({
  type: z.literal('tcp'),
  ...common,
  host,
  port,
  /** Slower than this until the connection stands is degraded. */
  degraded_over: optional(duration),
});

/** A port speaks TLS, with a certificate that clients accept. */
const tlsCheck = z.strictObject({
  type: z.literal('tls'),
  ...common,
  host,
  port: port.prefault(443),
  /** The name that has to be in the certificate. Default: `host`. */
  server_name: optional(host),
  /** So many days before it expires it is degraded. */
  degraded_days: integer(0, 3650).prefault(14),
  /** So many days before it expires it is unhealthy. */
  unhealthy_days: integer(0, 3650).prefault(3),
  /** true: nobody has to vouch for it; its name and its days still count. */
  allow_self_signed: flag.prefault(false),
  /** PEM file of an authority of one's own; relative to the configuration file. */
  ca_file: optional(text),
  /** A slower handshake than this is degraded. */
  degraded_over: optional(duration),
});

/** A name resolves. */
const dnsCheck = z.strictObject({
  type: z.literal('dns'),
  ...common,
  /** The name that is asked for. */
  name: host,
  record: oneOfCapitals('A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT').prefault('A'),
  /** Address (no name) of the server to ask, with a port if it is not 53. Default: this machine's. */
  server: optional(
    shaped(
      'config-name-server',
      /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|[0-9a-f:]{2,39}|\[[0-9a-f:]{2,39}\]:\d{1,5})$/i,
    ),
  ),
  /** What has to be among the answers; nothing: any answer will do. */
  expect: list(text),
  /** A slower answer than this is degraded. */
  degraded_over: optional(duration),
});

/** A program says so. */
const commandCheck = z.strictObject({
  type: z.literal('command'),
  ...common,
  /** Program and arguments, as of a service; no shell runs it. */
  command,
  /** Its working folder. Default: that of the service, else the folder of the configuration file. */
  cwd: optional(text),
  /** Variables beyond PATH, HOME, LANG, USER and TZ. */
  env: variables,
  /** The exit code that is right. */
  expect_exit: integer(0, 255).prefault(0),
  /** Exit codes that mean degraded; all others but the right one are unhealthy. */
  degraded_exits: list(integer(0, 255)),
  /** Regular expression (at most 200 characters) that its output has to match. */
  output_matches: optional(pattern),
  /** A run longer than this is degraded. */
  degraded_over: optional(duration),
});

/** Lines of a log. */
const logCheck = z.strictObject({
  type: z.literal('log'),
  ...common,
  /** The log; relative to the service's folder. Default: the service's `log_file`. */
  path: optional(text),
  /** Regular expression (at most 200 characters) that is looked for in each line. */
  pattern,
  /** More matches than this (`5/1m`) are degraded. */
  degraded_over: optional(rate),
  /** More matches than this are unhealthy. */
  unhealthy_over: optional(rate),
});

const redisCheck = z.strictObject({
  type: z.literal('redis'),
  ...common,
  /**
   * redis://, rediss:// (TLS) or unix:///path, with user and password if needed; docs/least-rights.md tells which rights
   * it needs.
   */
  url: address.redis,
  /** The same with the right to remove keys, for clearing a cache from the chat. Default: `url`. */
  clear_url: optional(address.redis),
  /** An answer slower than this (in ms) is degraded. */
  max_latency_ms: decimal.prefault(100),
});

const postgresCheck = z.strictObject({
  type: z.literal('postgres'),
  ...common,
  /** postgresql://user:password@host:port/database; docs/least-rights.md tells which rights it needs. */
  url: address.postgres,
  /** A query that runs longer than this (in ms) is counted as slow. */
  slow_query_threshold: decimal.prefault(1000),
  /** An answer to a trifle slower than this (in ms) is degraded. */
  max_latency_ms: decimal.prefault(500),
});

/** The machine itself. */
const hostCheck = z.strictObject({
  type: z.literal('host'),
  ...common,
  /** A disk fuller than this is degraded; from 98 % on it is unhealthy. */
  disk_over: percentage.prefault('90%'),
  /** A disk that will be full within this time, should it go on as in the last hour, is degraded. */
  full_within: duration.prefault('6h'),
  /** More memory taken than this is degraded (the page cache not counted); from 97 % on it is unhealthy. */
  memory_over: percentage.prefault('90%'),
  /** Busier processors than this are degraded. */
  cpu_over: percentage.prefault('95%'),
  /** More processes waiting for each processor core than this are degraded. */
  load_over: decimal.prefault(4),
});

/** How the VPN panels are, all together; what is wrong with one of them has an alert of its own. */
const panelCheck = z.strictObject({
  type: z.literal('panel'),
  ...common,
  /** Says where panels are found first; without the shop's table it is its environment in any case. */
  from: optional(oneOf('database')),
  /**
   * true: a node that is confirmed to be in error is reconnected by the manager, at most once in five minutes, never
   * while it connects, never when half of its panel's nodes are down.
   */
  auto_reconnect: flag.prefault(false),
  /** One node that carries more of its panel's traffic of the day than this is told of. */
  share_over: percentage.prefault('50%'),
  /**
   * Reads the log of xray for restarts that the panel does not tell of: panel (of its own xray, one connection a panel),
   * nodes (of every node too), off. Nothing of it is kept but the times of starts.
   */
  core_logs: oneOf(...coreLogs).prefault('off'),
});

/** One entry of `checks:`. */
export const check = z.discriminatedUnion('type', [
  processCheck,
  httpCheck,
  tcpCheck,
  tlsCheck,
  dnsCheck,
  commandCheck,
  logCheck,
  redisCheck,
  postgresCheck,
  hostCheck,
  panelCheck,
]);
