import { nearest } from '../config/keys.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Actor, Control } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';
import { type Answer, type RefusalCode, type Request, requestSchema } from './protocol.ts';

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

/** Does what was asked. A bug in the manager becomes an answer and a line in the log, not a hanging command. */
export async function carryOut(request: Request, control: Control, log: Logger): Promise<Answer> {
  try {
    return await answer(request, control);
  } catch (err) {
    log.error({ err, request: request.do }, 'control request failed');
    return refused(request.id, 'failed', reason('control-failed'));
  }
}

async function answer(request: Request, control: Control): Promise<Answer> {
  if (request.do === 'snapshot') return done(request, control.snapshot());
  if (request.do === 'stopAll') return done(request, Object.fromEntries(await control.stopAll(actor(request.by))));
  const known = control.snapshot().services.map((service) => service.name);
  if (!known.includes(request.service)) return unknownService(request, request.service, known);
  if (request.do === 'logs') return done(request, await control.logs(request.service, request.lines));
  return done(request, await control.act(request.service, request.verb, actor(request.by)));
}

function actor(name: string): Actor {
  return { kind: 'cli', id: name, name };
}

function done(request: Request, value: unknown): Answer {
  return { id: request.id, type: 'done', value };
}

function unknownService(request: Request, typed: string, known: readonly string[]): Answer {
  const meant = nearest(typed, known);
  return meant === null
    ? refused(request.id, 'unknown-service', reason('control-unknown-service', { service: typed }))
    : refused(
        request.id,
        'unknown-service',
        reason('control-unknown-service-nearest', { service: typed, nearest: meant }),
      );
}

function refused(id: string | null, code: RefusalCode, why: Reason): Answer & { type: 'refused' } {
  return { id, type: 'refused', code, reason: why };
}
