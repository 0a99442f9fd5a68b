import * as z from 'zod';
import type { Alerting } from '../core/alerting.ts';
import type { Reply } from './server.ts';
import { incidentView, muteView } from './views.ts';

const MOST_PAST = 500;

const shape = z.strictObject({ past: z.coerce.number().int().min(0).max(MOST_PAST).default(0) });

/** `/api/alerts`: the open alerts, worst first, and what is muted; with `past` so many of those that are over. */
export function alertsReply(
  query: URLSearchParams,
  alerting: Pick<Alerting, 'open' | 'past' | 'mutes'>,
  now: number,
): Reply {
  const parsed = shape.safeParse(Object.fromEntries(query));
  if (!parsed.success)
    return { status: 400, body: { error: `past: a whole number up to ${MOST_PAST}, and no other key` } };
  const { past } = parsed.data;
  return {
    status: 200,
    body: {
      at: now,
      open: alerting.open().map(incidentView),
      mutes: alerting.mutes().map(muteView),
      ...(past === 0
        ? {}
        : {
            past: alerting.past(null, past).map((incident) => {
              const { resolvedAt, resolution } = incident;
              return { ...incidentView(incident), resolvedAt, resolution };
            }),
          }),
    },
  };
}
