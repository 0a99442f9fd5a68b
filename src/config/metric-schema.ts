import * as z from 'zod';
import { metricUnits } from '../core/health.ts';
import { address } from './check-schema.ts';
import { command } from './command.ts';
import { anyText, flag, oneOf, optional, pattern, section, shaped, text, webAddress } from './values.ts';

/** As a check's id, which it is, too. */
const metricName = /^[a-z][a-z0-9_]{0,31}$/;

/** What every number of one's own has. */
const common = {
  /** Name of the number, under which it is charted and rules find it. */
  name: shaped('config-own-metric', metricName),
  /** How it is said: %, bytes, ms, s, count, per_s or bytes_per_s. Default: count; with `rate` per_s. */
  unit: optional(oneOf(...metricUnits)),
  /** true: it is a counter, and its growth per second is kept; `unit: bytes` becomes bytes per second. */
  rate: flag.prefault(false),
};

const headers = section(z.record(shaped('config-header-name', /^[!#$%&'*+.^_`|~\w-]+$/), text));

/** A number in the JSON that an address answers. */
const httpJson = z.strictObject({
  from: z.literal('http-json'),
  ...common,
  url: webAddress,
  /** Where it stands: `queue.waiting`, `nodes.0.users`, `items.length`, or a JSON pointer: `/queue/waiting`. */
  path: text,
  /** Headers of the request, such as a token. */
  headers,
});

/** A number that a program writes to its standard output. */
const ofCommand = z.strictObject({
  from: z.literal('command'),
  ...common,
  /** Program and arguments; no shell runs it. */
  command,
  /** Its working folder. Default: that of the service, else the folder of the configuration file. */
  cwd: optional(text),
  /** Variables beyond PATH, HOME, LANG, USER and TZ. */
  env: section(z.record(shaped('config-variable-name', /^[A-Za-z_][A-Za-z0-9_]*$/), anyText)),
  /** Regular expression whose first group is the number. Default: the output is nothing but the number. */
  match: optional(pattern),
});

/** A number that a PostgreSQL counts. */
const sqlCount = z.strictObject({
  from: z.literal('sql-count'),
  ...common,
  /** Address with user and password. Default: DATABASE_URL. */
  url: optional(address.postgres),
  /** One SELECT that gives one row with one number. It runs read-only, for at most 3 s, every health_check_interval. */
  query: shaped('config-select', /^\s*(?:SELECT|WITH)\b[^;]*;?\s*$/i),
});

/** A number of what somebody shows to Prometheus. */
const prometheus = z.strictObject({
  from: z.literal('prometheus'),
  ...common,
  url: webAddress,
  /** Name of the metric, as in `http_requests_total`. */
  metric: shaped('config-prometheus-name', /^[a-zA-Z_:][a-zA-Z0-9_:]*$/),
  /** Labels that have to be so; several series that fit are added up. */
  labels: section(z.record(shaped('config-label-name', /^[a-zA-Z_][a-zA-Z0-9_]*$/), anyText)),
  /** Headers of the request, such as a token. */
  headers,
});

/** One entry of `metrics:`. */
export const metric = z.discriminatedUnion('from', [httpJson, ofCommand, sqlCount, prometheus]);
