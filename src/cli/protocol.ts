import * as z from 'zod';
import type { AlertingResult } from '../core/alerting.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Incident } from '../core/incident.ts';
import type { Mute } from '../core/mute.ts';
import type { ActionResult, Actor, Operation, ServiceView, Snapshot } from '../core/snapshot.ts';
import {
  checkRecordSchema,
  exitSchema,
  healthWord,
  incidentSchema,
  muteSchema,
  reasonSchema,
  stateWord,
  wantedWord,
} from '../wire.ts';

/*
 * What the `orbit` command and the manager say to each other over the control socket: one JSON object per line.
 * Both sides parse what they get: the two may be of different versions, and a socket is the world outside.
 */

/** The socket's name inside the data folder. */
export const socketName = 'control.sock';

/** A request is small; a longer line is not a request. */
export const maxRequestBytes = 1024 * 1024;
/** A thousand log lines of 16 KiB, the longest answer there can be. */
export const maxAnswerBytes = 16 * 1024 * 1024;
/** The most lines that `logs` gives. */
export const maxLogLines = 1000;

/** While a request is being worked on, the manager says so this often (ms). */
export const workingEvery = 2_000;

/** The most alerts that are over, or entries of the audit, in one answer. */
export const maxPast = 500;

/** The longest stretch (ms) that `metrics` looks back. */
export const maxSpan = 366 * 86_400_000;

const id = z.string().min(1).max(64);
const serviceName = z.string().min(1).max(256);
/** The OS user who typed the command. Taken on trust: whoever can open the socket is that user or root. */
const by = z.string().min(1).max(64);
const verb = z.enum(['start', 'stop', 'restart']);
/** Left out by commands of earlier versions. */
const needs = z.enum(['ask', 'first', 'ignore']).default('ask');

export const requestSchema = z.discriminatedUnion('do', [
  z.object({ id, do: z.literal('snapshot') }),
  z.object({ id, do: z.literal('act'), service: serviceName, verb, needs, by }),
  z.object({ id, do: z.literal('act-all'), verb, by }),
  /** The open alerts, so many of those that are over, and what is muted. */
  z.object({ id, do: z.literal('alerts'), past: z.int().min(0).max(maxPast) }),
  z.object({ id, do: z.literal('ack'), incident: z.int().min(0), by }),
  /** `service` null: everything. `span`: ms from now. */
  z.object({ id, do: z.enum(['mute', 'maintenance']), service: serviceName.nullable(), span: z.int().min(1), by }),
  z.object({ id, do: z.literal('unmute'), what: z.union([z.int().min(0), serviceName]).nullable(), by }),
  z.object({ id, do: z.literal('audit'), entries: z.int().min(1).max(maxPast) }),
  z.object({ id, do: z.literal('panels') }),
  z.object({ id, do: z.literal('panel-check'), panel: serviceName }),
  /** All that is known of a Redis, or (null) of each. */
  z.object({ id, do: z.literal('caches'), store: serviceName.nullable() }),
  z.object({ id, do: z.literal('cache-count'), store: serviceName.nullable(), pattern: z.string().max(1000), by }),
  /** `count`: the id that `cache-count` gave. `confirmed`: the number of keys as it was typed. */
  z.object({ id, do: z.literal('cache-clear'), count: id, confirmed: z.int().min(0).nullable(), by }),
  z.object({ id, do: z.literal('cache-stop'), count: id }),
  z.object({ id, do: z.literal('shop') }),
  z.object({ id, do: z.literal('top') }),
  z.object({ id, do: z.literal('reload-look') }),
  /** `plan`: the id that `reload-look` gave. */
  z.object({ id, do: z.literal('reload'), plan: z.int(), restart: z.boolean(), stopRemoved: z.boolean(), by }),
  /** The numbers of a service, or (null) the usual ones of all, over so many ms. */
  z.object({ id, do: z.literal('metrics'), service: serviceName.nullable(), span: z.int().min(1).max(maxSpan) }),
  z.object({ id, do: z.literal('logs'), service: serviceName, lines: z.int().min(1).max(maxLogLines) }),
]);
export type Request = z.infer<typeof requestSchema>;

const refusalCode = z.enum(['bad-request', 'unknown-service', 'busy', 'failed']);
export type RefusalCode = z.infer<typeof refusalCode>;

export const answerSchema = z.discriminatedUnion('type', [
  /** With how far it is, where that is known. */
  z.object({
    id,
    type: z.literal('working'),
    progress: z.object({ done: z.number(), of: z.number() }).exactOptional(),
  }),
  z.object({ id, type: z.literal('done'), value: z.unknown() }),
  /** `id` null: the line was not understood far enough to know which request it was. */
  z.object({ id: id.nullable(), type: z.literal('refused'), code: refusalCode, reason: reasonSchema }),
]);
export type Answer = z.infer<typeof answerSchema>;

const when = z.number();

const actor: z.ZodType<Actor> = z.object({
  kind: z.enum(['telegram', 'cli', 'manager']),
  id: z.string(),
  name: z.string(),
});

const operation: z.ZodType<Operation> = z.object({
  verb,
  by: actor,
  since: when,
  deadline: when,
});

const service: z.ZodType<ServiceView> = z.object({
  name: z.string(),
  title: z.string(),
  driver: z.string(),
  needs: z.array(z.string()),
  state: stateWord,
  since: when,
  wanted: wantedWord,
  reason: reasonSchema.nullable(),
  health: healthWord,
  healthSince: when,
  healthReason: reasonSchema.nullable(),
  checks: z.array(checkRecordSchema),
  pid: z.number().nullable(),
  startedAt: when.nullable(),
  restarts: z.number(),
  foreignRestarts: z.number().nullable(),
  exitsInWindow: z.number(),
  lastExit: exitSchema.nullable(),
  retryAt: when.nullable(),
  operation: operation.nullable(),
  can: z.array(verb),
});

export const snapshotSchema: z.ZodType<Snapshot> = z.object({
  host: z.string(),
  version: z.string(),
  at: when,
  startedAt: when,
  overall: healthWord,
  services: z.array(service),
  incidents: z.array(incidentSchema),
  mutes: z.array(muteSchema),
  telegram: z.object({
    state: z.enum(['connecting', 'polling', 'unreachable', 'conflict', 'unauthorized', 'off']),
    since: when,
    reason: reasonSchema.nullable(),
    waiting: z.number(),
    oldestWaiting: when.nullable(),
    lastDelivered: when.nullable(),
    dropped: z.number(),
    dead: z.number(),
  }),
});

export const actionResultSchema: z.ZodType<ActionResult> = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), took: z.number(), note: reasonSchema.nullable() }),
  z.object({ ok: z.literal(false), took: z.number(), reason: reasonSchema }),
]);
export const actionResultsSchema = z.record(z.string(), actionResultSchema);
export const logLinesSchema = z.array(z.string());

/** The open alerts worst first, those that are over newest first. */
export interface Alerts {
  /** The manager's clock, epoch ms. */
  readonly at: number;
  readonly open: readonly Incident[];
  readonly past: readonly Incident[];
  readonly mutes: readonly Mute[];
}
export const alertsSchema: z.ZodType<Alerts> = z.object({
  at: when,
  open: z.array(incidentSchema),
  past: z.array(incidentSchema),
  mutes: z.array(muteSchema),
});

export const alertingResultSchema: z.ZodType<AlertingResult> = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), reason: reasonSchema }),
]);

export const auditSchema: z.ZodType<readonly AuditEntry[]> = z.array(
  z.object({
    at: when,
    by: actor,
    action: z.string(),
    service: z.string().nullable(),
    refused: reasonSchema.nullable(),
    note: reasonSchema.nullable().default(null),
  }),
);
