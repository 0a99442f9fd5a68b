import * as z from 'zod';
import type { DigestNotice } from './core/digest.ts';
import { type CheckRecord, type HealthRecord, metricUnits } from './core/health.ts';
import { type Incident, incidentKinds, levels, resolutions } from './core/incident.ts';
import type { Mute, Scope } from './core/mute.ts';
import type { Reason } from './core/reason.ts';
import type { ExitInfo, ServiceRecord } from './core/service.ts';

/**
 * The shapes of the core's records where they cross an edge: the database (an older version may have written it) and
 * the control socket.
 */
export const reasonSchema: z.ZodType<Reason> = z.object({
  code: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])).exactOptional(),
});

export const healthWord = z.enum(['healthy', 'degraded', 'unhealthy', 'unknown']);

const metric = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.enum(metricUnits),
});

export const checkRecordSchema: z.ZodType<CheckRecord> = z.object({
  id: z.string(),
  health: healthWord,
  verdict: healthWord,
  reason: reasonSchema.nullable(),
  failures: z.number(),
  successes: z.number(),
  // Older versions did not write these.
  healthSince: z.number().nullable().default(null),
  unknownSince: z.number().nullable().default(null),
  at: z.number().nullable(),
  metrics: z.array(metric),
});

export const healthRecordSchema: z.ZodType<HealthRecord> = z.object({
  health: healthWord,
  since: z.number(),
  reason: reasonSchema.nullable(),
  checks: z.array(checkRecordSchema),
});

export const stateWord = z.enum(['stopped', 'starting', 'running', 'stopping', 'backing-off', 'failed', 'unknown']);
export const wantedWord = z.enum(['up', 'down']);
export const exitSchema: z.ZodType<ExitInfo> = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  at: z.number(),
});

export const serviceRecordSchema: z.ZodType<ServiceRecord> = z.object({
  name: z.string(),
  state: stateWord,
  since: z.number(),
  wanted: wantedWord,
  run: z.object({ id: z.string(), pid: z.number().nullable(), startedAt: z.number() }).nullable(),
  settled: z.boolean(),
  lastRun: z.string().nullable(),
  lastExit: exitSchema.nullable(),
  exits: z.array(z.number()),
  attempt: z.number(),
  restarts: z.number(),
  foreignRestarts: z.number().nullable(),
  retryAt: z.number().nullable(),
  reason: reasonSchema.nullable(),
  // Not in what earlier versions have written.
  lostFrom: z
    .object({
      state: z.enum(['stopped', 'failed', 'backing-off']),
      since: z.number(),
      reason: reasonSchema.nullable(),
      retryAt: z.number().nullable(),
    })
    .nullable()
    .default(null),
  health: healthRecordSchema,
});

export const incidentSchema: z.ZodType<Incident> = z.object({
  id: z.number(),
  key: z.string(),
  service: z.string(),
  kind: z.enum(incidentKinds),
  level: z.enum(levels),
  openedAt: z.number(),
  resolvedAt: z.number().nullable(),
  resolution: z.enum(resolutions).nullable(),
  acknowledgedBy: z.string().nullable(),
  acknowledgedAt: z.number().nullable(),
  saidAt: z.number(),
  escalatedAt: z.number().nullable(),
  handedOverAt: z.number().exactOptional(),
  worseAt: z.number().exactOptional(),
  reason: reasonSchema,
  attempts: z.array(z.object({ at: z.number(), what: reasonSchema })),
  lines: z.array(z.string()),
  subject: z
    .object({
      ...{ key: z.string(), title: z.string(), advice: reasonSchema.nullable() },
      affects: reasonSchema.nullable().exactOptional(),
      remedy: z.literal('restart-panel').exactOptional(),
    })
    .exactOptional(),
});

export const digestNoticeSchema: z.ZodType<DigestNotice> = z.object({
  from: z.number(),
  to: z.number(),
  level: z.enum(levels),
});

export const scopeSchema: z.ZodType<Scope> = z.discriminatedUnion('covers', [
  z.object({ covers: z.literal('all') }),
  z.object({ covers: z.literal('service'), service: z.string() }),
  z.object({ covers: z.literal('incident'), incident: z.number() }),
]);

export const muteSchema: z.ZodType<Mute> = z.object({
  id: z.number(),
  kind: z.enum(['mute', 'maintenance']),
  scope: scopeSchema,
  from: z.number(),
  until: z.number(),
  by: z.string(),
});

/** Parses a JSON column. Throws on what no version of ours has written. */
export function fromJson<T>(schema: z.ZodType<T>, text: string): T {
  return schema.parse(JSON.parse(text));
}
