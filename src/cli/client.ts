import { createConnection, type Socket } from 'node:net';
import type * as z from 'zod';
import type { AlertingResult } from '../core/alerting.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Figure } from '../core/figure.ts';
import type { Mute } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { ReloadChoices, ReloadLook, ReloadResult } from '../core/reload.ts';
import type { ActionResult, Needs, Snapshot, Verb } from '../core/snapshot.ts';
import type { ClearResult, OnProgress } from '../core/stores.ts';
import type { Top } from '../core/top.ts';
import { readLines } from './lines.ts';
import { type Metrics, metricsSchema } from './metrics-protocol.ts';
import { type PanelList, type PanelReport, panelCheckSchema, panelListSchema } from './panel-protocol.ts';
import {
  type Alerts,
  actionResultSchema,
  actionResultsSchema,
  alertingResultSchema,
  alertsSchema,
  answerSchema,
  auditSchema,
  logLinesSchema,
  maxAnswerBytes,
  type RefusalCode,
  type Request,
  snapshotSchema,
} from './protocol.ts';
import { reloadLookSchema, reloadResultSchema } from './reload-protocol.ts';
import {
  cacheReportsSchema,
  clearResultSchema,
  countedSchema,
  type ShopReply,
  shopSchema,
  stoppedSchema,
} from './store-protocol.ts';
import { topSchema } from './top-protocol.ts';

/** Why there is no answer. `no-manager`: nobody listens there; `lost`: the line broke before the answer came. */
export type FailureCode = RefusalCode | 'no-manager' | 'forbidden' | 'no-answer' | 'lost' | 'bad-answer';

export type Asked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: FailureCode; readonly reason: Reason };

/** The command's end of the control socket; each call is a connection of its own. Nothing rejects. */
export interface ControlClient {
  snapshot(): Promise<Asked<Snapshot>>;
  act(service: string, verb: Verb, needs?: Needs): Promise<Asked<ActionResult>>;
  actAll(verb: Verb): Promise<Asked<Readonly<Record<string, ActionResult>>>>;
  logs(service: string, lines: number): Promise<Asked<readonly string[]>>;
  /** `service` null: the usual numbers of all; `span`: ms until now. */
  metrics(service: string | null, span: number): Promise<Asked<Metrics>>;
  /** `past`: so many of those that are over. */
  alerts(past: number): Promise<Asked<Alerts>>;
  acknowledge(incident: number): Promise<Asked<AlertingResult>>;
  /** `service` null: everything; `span`: ms from now. */
  mute(kind: Mute['kind'], service: string | null, span: number): Promise<Asked<AlertingResult>>;
  /** An id, a service, or null: what covers everything. */
  unmute(what: number | string | null): Promise<Asked<AlertingResult>>;
  audit(entries: number): Promise<Asked<readonly AuditEntry[]>>;
  panels(): Promise<Asked<PanelList>>;
  /** Asks everything of that panel now; null: there is none. */
  checkPanel(panel: string): Promise<Asked<PanelReport | null>>;
  /** All that is known of a Redis; `store` null: of each. */
  caches(store: string | null): Promise<Asked<z.infer<typeof cacheReportsSchema>>>;
  /** Counts what a pattern covers; `store` null: in the only Redis there is. */
  countKeys(
    store: string | null,
    pattern: string,
    onProgress: OnProgress,
  ): Promise<Asked<z.infer<typeof countedSchema>>>;
  /** Removes what was counted under that id. */
  clearKeys(count: string, confirmed: number | null, onProgress: OnProgress): Promise<Asked<ClearResult>>;
  /** Ends that between two batches. */
  stopClearing(count: string): Promise<Asked<boolean>>;
  /** The shop's own figures. */
  shop(): Promise<Asked<ShopReply>>;
  /** Who uses the machine; takes more than a second. */
  top(): Promise<Asked<Figure<Top>>>;
  /** What a reload of the configuration would change. */
  lookAtConfig(): Promise<Asked<ReloadLook>>;
  /** Applies the plan of that id. */
  applyConfig(plan: number, choices: ReloadChoices): Promise<Asked<ReloadResult>>;
}

/** A manager that is alive says something at least every two seconds while it works; five missed are a hang. */
const silenceLimit = 10_000;

/** `path`: the socket. `by`: who asks, for the audit. `silence`: ms without a word after which it is given up. */
export function createControlClient(path: string, by: string, silence: number = silenceLimit): ControlClient {
  // One request per connection, so any id will do.
  const id = '1';
  const ask = <T>(request: Request, schema: z.ZodType<T>, onProgress: OnProgress = unheard): Promise<Asked<T>> =>
    askOnce(path, request, schema, silence, onProgress);
  return {
    snapshot: () => ask({ id, do: 'snapshot' }, snapshotSchema),
    act: (service, verb, needs = 'ask') => ask({ id, do: 'act', service, verb, needs, by }, actionResultSchema),
    actAll: (verb) => ask({ id, do: 'act-all', verb, by }, actionResultsSchema),
    metrics: (service, span) => ask({ id, do: 'metrics', service, span }, metricsSchema),
    logs: (service, lines) => ask({ id, do: 'logs', service, lines }, logLinesSchema),
    alerts: (past) => ask({ id, do: 'alerts', past }, alertsSchema),
    acknowledge: (incident) => ask({ id, do: 'ack', incident, by }, alertingResultSchema),
    mute: (kind, service, span) => ask({ id, do: kind, service, span, by }, alertingResultSchema),
    unmute: (what) => ask({ id, do: 'unmute', what, by }, alertingResultSchema),
    lookAtConfig: () => ask({ id, do: 'reload-look' }, reloadLookSchema),
    applyConfig: (plan, choices) => ask({ id, do: 'reload', plan, ...choices, by }, reloadResultSchema),
    caches: (store) => ask({ id, do: 'caches', store }, cacheReportsSchema),
    countKeys: (store, pattern, onProgress) =>
      ask({ id, do: 'cache-count', store, pattern, by }, countedSchema, onProgress),
    clearKeys: (count, confirmed, onProgress) =>
      ask({ id, do: 'cache-clear', count, confirmed, by }, clearResultSchema, onProgress),
    stopClearing: (count) => ask({ id, do: 'cache-stop', count }, stoppedSchema),
    shop: () => ask({ id, do: 'shop' }, shopSchema),
    top: () => ask({ id, do: 'top' }, topSchema),
    panels: () => ask({ id, do: 'panels' }, panelListSchema),
    checkPanel: (panel) => ask({ id, do: 'panel-check', panel }, panelCheckSchema),
    audit: (entries) => ask({ id, do: 'audit', entries }, auditSchema),
  };
}

const unheard: OnProgress = () => undefined;

async function askOnce<T>(
  path: string,
  request: Request,
  schema: z.ZodType<T>,
  silence: number,
  onProgress: OnProgress,
): Promise<Asked<T>> {
  const socket = createConnection(path);
  const connected = await connection(socket);
  if (connected !== null) return noConnection(connected, path);
  let silent = false;
  socket.setTimeout(silence, () => {
    silent = true;
    socket.destroy();
  });
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    return await firstAnswer(socket, schema, onProgress);
  } catch {
    // Reset or given up; which of the two is known by the flag, the error itself says nothing more.
    return silent
      ? failure('no-answer', reason('control-no-answer', { seconds: Math.round(silence / 1000) }))
      : failure('lost', reason('control-lost'));
  } finally {
    socket.destroy();
  }
}

async function firstAnswer<T>(socket: Socket, schema: z.ZodType<T>, onProgress: OnProgress): Promise<Asked<T>> {
  for await (const line of readLines(socket, maxAnswerBytes)) {
    const answer = answerSchema.safeParse(line === null ? null : parseJson(line));
    if (!answer.success) return failure('bad-answer', reason('control-bad-answer'));
    if (answer.data.type === 'working') {
      const { progress } = answer.data;
      if (progress !== undefined) onProgress(progress.done, progress.of);
      continue;
    }
    if (answer.data.type === 'refused') return { ok: false, code: answer.data.code, reason: answer.data.reason };
    const value = schema.safeParse(answer.data.value);
    return value.success ? { ok: true, value: value.data } : failure('bad-answer', reason('control-bad-answer'));
  }
  return failure('lost', reason('control-lost'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Null once connected, else the error's code. */
function connection(socket: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(null));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function noConnection(code: string, path: string): Asked<never> {
  if (code === 'EACCES' || code === 'EPERM') return failure('forbidden', reason('control-forbidden', { path }));
  if (code === 'EAGAIN') return failure('busy', reason('control-busy'));
  // Nothing there, or the socket that a dead manager left.
  return failure('no-manager', reason('control-no-manager', { path }));
}

function failure(code: FailureCode, why: Reason): Asked<never> {
  return { ok: false, code, reason: why };
}
