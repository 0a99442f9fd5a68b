import * as z from 'zod';
import type { History } from '../core/history.ts';
import { readTimeSpan } from '../core/time-span.ts';
import type { Reply } from './server.ts';

/** Without `from`. */
const USUAL_SPAN_MS = 6 * 3600_000;

/** Epoch ms, an ISO date, or how long ago (`6h`). */
const moment = (now: number) =>
  z.string().transform((text, context) => {
    const span = readTimeSpan(text);
    const at = /^\d{9,}$/.test(text) ? Number(text) : span !== null ? now - span : Date.parse(text);
    if (Number.isSafeInteger(at)) return at;
    context.addIssue({ code: 'custom', message: 'epoch ms, an ISO date, or how long ago (6h)' });
    return z.NEVER;
  });

const length = z.string().transform((text, context) => {
  const ms = /^\d+$/.test(text) ? Number(text) : readTimeSpan(text);
  if (ms !== null && ms > 0 && Number.isSafeInteger(ms)) return ms;
  context.addIssue({ code: 'custom', message: 'ms, or a length of time (5m)' });
  return z.NEVER;
});

const name = z.string().min(1).max(200);

/** `/api/metrics/history`: one series; without `service` and `metric` the list of all there are. */
export function historyReply(query: URLSearchParams, history: History, now: number): Reply {
  const given = Object.fromEntries(query);
  if (given.metric === undefined)
    return { status: 200, body: { at: now, bytes: history.bytes(), series: history.series(given.service) } };
  const shape = z.strictObject({
    service: name,
    metric: name,
    check: name.exactOptional(),
    from: moment(now).exactOptional(),
    to: moment(now).exactOptional(),
    step: length.exactOptional(),
  });
  const parsed = shape.safeParse(given);
  if (!parsed.success) return refused(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { to = now, ...rest } = parsed.data;
  const question = { ...rest, from: rest.from ?? to - USUAL_SPAN_MS, to };
  if (question.from >= question.to) return refused('from has to be before to');
  const answer = history.query(question);
  if (answer === null) return { status: 404, body: { error: 'no such series' } };
  const { series, step, points } = answer;
  return { status: 200, body: { ...series, from: question.from, to, step, points } };
}

function refused(error: string): Reply {
  return { status: 400, body: { error } };
}
