import { z } from 'zod';
import {
  deadline,
  decimal,
  duration,
  flag,
  oneOf,
  oneOfCapitals,
  optional,
  pattern,
  percentage,
  rate,
  shaped,
  statuses,
  text,
  webAddress,
} from './values.ts';

/** What every check has. */
const common = {
  /** Name of the check within its service, under which its history is kept. Default: its type (`http`, `http-2`). */
  id: optional(shaped('config-check-id', /^[a-z0-9][a-z0-9_-]{0,31}$/)),
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
});

/** Kinds that later versions serve; their further options come with them. */
const laterChecks = [
  z.strictObject({ type: z.literal('tcp'), ...common }),
  z.strictObject({ type: z.literal('tls'), ...common }),
  z.strictObject({ type: z.literal('dns'), ...common }),
  z.strictObject({
    type: z.literal('redis'),
    ...common,
    url: text,
    /** An answer slower than this (in ms) is degraded. */
    max_latency_ms: decimal.prefault(100),
  }),
  z.strictObject({
    type: z.literal('postgres'),
    ...common,
    url: text,
    /** A query slower than this (in ms) is counted as slow. */
    slow_query_threshold: decimal.prefault(1000),
  }),
  z.strictObject({
    type: z.literal('panel'),
    ...common,
    /** Where the panels are found: `database` = the shop's table, when it is there. */
    from: optional(oneOf('database')),
  }),
  z.strictObject({
    type: z.literal('host'),
    ...common,
    /** A disk fuller than this is degraded. */
    disk_over: optional(percentage),
  }),
  z.strictObject({ type: z.literal('command'), ...common }),
  z.strictObject({
    type: z.literal('log'),
    ...common,
    /** Regular expression that is looked for in each line. */
    pattern,
    /** More matches than this (`5/1m`) are degraded. */
    degraded_over: optional(rate),
  }),
] as const;

/** One entry of `checks:`. */
export const check = z.discriminatedUnion('type', [processCheck, httpCheck, ...laterChecks]);
