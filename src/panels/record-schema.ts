import * as z from 'zod';
import { failureClasses, panelErrorKinds } from '../core/panel.ts';
import type { PanelRecord } from '../core/panel-health.ts';
import { noRestarts } from '../core/panel-restarts.ts';

const reason = z.object({
  code: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])).exactOptional(),
});
const at = z.number();
const maybeAt = at.nullable();

/** An older version did not know them. */
const restarts = z.object({ at: z.array(at).readonly(), restless: z.boolean() }).default(noRestarts);

const error = z.object({ kind: z.enum(panelErrorKinds), reason });
const failing = z.object({ since: at, at, error });

const node = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  port: z.number().nullable(),
  state: z.enum(['up', 'connecting', 'down', 'disabled', 'limited', 'unknown']),
  rawStatus: z.string(),
  since: at,
  seenAt: at,
  errorAt: maybeAt,
  connectingAt: maybeAt,
  upAt: maybeAt,
  crossings: z.array(at),
  trouble: z
    .object({
      cause: z.enum(['error', 'stuck', 'flapping', 'limited']),
      since: at,
      failure: z.enum(failureClasses).nullable(),
      message: z.string().nullable(),
    })
    .nullable(),
  reachable: z.boolean().nullable(),
  wasReachable: z.boolean(),
  days: z.array(z.object({ day: z.string(), seen: z.number(), up: z.number() })),
  restarts,
});

/** A stored {@link PanelRecord}; an older version may have written it. */
export const panelRecordSchema: z.ZodType<PanelRecord> = z.object({
  reach: z.enum(['unknown', 'up', 'down']),
  reachSince: at,
  answeredAt: maybeAt,
  answeringSince: maybeAt,
  lastError: error.nullable(),
  failing: z.object({
    nodes: failing.exactOptional(),
    core: failing.exactOptional(),
    overview: failing.exactOptional(),
    traffic: failing.exactOptional(),
  }),
  login: z.enum(['unknown', 'ok', 'rejected', 'unauthorized', 'forbidden']),
  loginSince: at,
  core: z.object({
    running: z.boolean().nullable(),
    version: z.string().nullable(),
    downAt: maybeAt,
    down: z.boolean(),
    upAt: maybeAt,
    stops: z.array(at),
    restarts,
  }),
  recorder: z
    .object({
      total: z.number().nullable(),
      movedAt: at,
      moved: z.boolean(),
      stuck: z.boolean(),
      online: z.number().nullable(),
    })
    .nullable(),
  nodes: z.array(node),
  certificates: z.array(z.object({ host: z.string(), notAfter: at, daysLeft: z.number(), checkedAt: at })),
});
