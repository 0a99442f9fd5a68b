import { nearest } from '../config/keys.ts';
import type { Alerting } from '../core/alerting.ts';
import type { History } from '../core/history.ts';
import type { Scope } from '../core/mute.ts';
import type { Panels } from '../core/panel-control.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Reload } from '../core/reload.ts';
import type { Actor, Control } from '../core/snapshot.ts';
import type { OnProgress } from '../core/stores.ts';
import type { HostTop } from '../core/top.ts';
import type { Logger } from '../logger.ts';
import { readMetrics } from './metrics-protocol.ts';
import { listPanels } from './panel-protocol.ts';
import { type Answer, type RefusalCode, type Request, requestSchema } from './protocol.ts';
import type { StoreAnswers } from './store-protocol.ts';

type Read =
  | { readonly ok: true; readonly request: Request }
  | { readonly ok: false; readonly answer: Answer & { type: 'refused' } };

/** Parses one line of the control socket. What it is not is never repeated: it may hold anything. */
export function readRequest(text: string): Read {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const parsed = requestSchema.safeParse(json);
  if (parsed.success) return { ok: true, request: parsed.data };
  return { ok: false, answer: refused(null, 'bad-request', reason('control-bad-request')) };
}

/** What the socket leads to. */
export interface Doors {
  readonly control: Control;
  readonly alerting: Alerting;
  readonly reload: Reload;
  readonly panels: Pick<Panels, 'states' | 'databaseProblem' | 'check'>;
  readonly stores: StoreAnswers;
  readonly top: HostTop['measure'];
  readonly history: History;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Does what was asked. A bug in the manager becomes an answer and a line in the log, not a hanging command. */
export async function carryOut(request: Request, doors: Doors, log: Logger, onProgress: OnProgress): Promise<Answer> {
  try {
    return await answer(request, doors, onProgress);
  } catch (err) {
    log.error({ err, request: request.do }, 'control request failed');
    return refused(request.id, 'failed', reason('control-failed'));
  }
}

async function answer(request: Request, doors: Doors, onProgress: OnProgress): Promise<Answer> {
  const { control, alerting, reload, history, clock } = doors;
  switch (request.do) {
    case 'snapshot':
      return done(request, control.snapshot());
    case 'act-all':
      return done(request, Object.fromEntries(await control.actAll(request.verb, actor(request.by))));
    case 'alerts': {
      const past = request.past === 0 ? [] : alerting.past(null, request.past);
      return done(request, { at: clock(), open: alerting.open(), past, mutes: alerting.mutes() });
    }
    case 'ack':
      return done(request, alerting.acknowledge([request.incident], actor(request.by)));
    case 'audit':
      return done(request, alerting.audit(request.entries));
    case 'panels':
      return done(request, listPanels(doors.panels));
    case 'panel-check':
      return done(request, await doors.panels.check(request.panel));
    case 'caches':
      return done(request, await doors.stores.caches(request.store));
    case 'cache-count': {
      const { store, pattern, by } = request;
      return done(request, await doors.stores.count(store, pattern, actor(by), onProgress));
    }
    case 'cache-clear': {
      const { count, confirmed, by } = request;
      return done(request, await doors.stores.clear(count, confirmed, actor(by), onProgress));
    }
    case 'cache-stop':
      return done(request, doors.stores.stop(request.count));
    case 'shop':
      return done(request, await doors.stores.shop());
    case 'top':
      return done(request, await doors.top());
    case 'reload-look':
      return done(request, reload.look());
    case 'reload': {
      const { plan, restart, stopRemoved } = request;
      return done(request, await reload.apply(plan, { restart, stopRemoved }, actor(request.by)));
    }
    case 'unmute':
      if (typeof request.what === 'number') return done(request, alerting.unmute([request.what], actor(request.by)));
      return (
        unknown(request, request.what, control) ??
        done(request, alerting.unmute(scopeOf(request.what), actor(request.by)))
      );
    case 'mute':
    case 'maintenance':
      return (
        unknown(request, request.service, control) ??
        done(request, alerting.mute(request.do, [scopeOf(request.service)], clock() + request.span, actor(request.by)))
      );
    case 'metrics': {
      const names = control.snapshot().services.map(({ name }) => name);
      return (
        unknown(request, request.service, control) ??
        done(request, readMetrics(history, names, request.service, request.span, clock()))
      );
    }
    case 'logs':
      return (
        unknown(request, request.service, control) ?? done(request, await control.logs(request.service, request.lines))
      );
    case 'act':
      return (
        unknown(request, request.service, control) ??
        done(request, await control.act(request.service, request.verb, actor(request.by), request.needs))
      );
  }
}

/** null: everything. */
function scopeOf(service: string | null): Scope {
  return service === null ? { covers: 'all' } : { covers: 'service', service };
}

function actor(name: string): Actor {
  return { kind: 'cli', id: name, name };
}

function done(request: Request, value: unknown): Answer {
  return { id: request.id, type: 'done', value };
}

/** The refusal where there is no such service; null: go on. */
function unknown(request: Request, typed: string | null, control: Control): Answer | null {
  const known = control.snapshot().services.map((service) => service.name);
  if (typed === null || known.includes(typed)) return null;
  const meant = nearest(typed, known);
  const why =
    meant === null
      ? reason('control-unknown-service', { service: typed })
      : reason('control-unknown-service-nearest', { service: typed, nearest: meant });
  return refused(request.id, 'unknown-service', why);
}

function refused(id: string | null, code: RefusalCode, why: Reason): Answer & { type: 'refused' } {
  return { id, type: 'refused', code, reason: why };
}
