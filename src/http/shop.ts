import type { Figure } from '../core/figure.ts';
import type { Stores } from '../core/stores.ts';
import type { Reply } from './server.ts';
import { said } from './views.ts';

/** Who asks more often gets the same answer: each costs the shop's database a count of its tables. */
const MAX_AGE_MS = 60_000;

/**
 * `/api/users/stats`: the shop's figures, at most a minute old (`at`). One that is missing is null, and `missing` says why;
 * 503 when there is no database, or it does not answer.
 */
export async function shopReply(stores: Pick<Stores, 'shop'>): Promise<Reply> {
  const found = await stores.shop(MAX_AGE_MS);
  if (!found.ok) return { status: 503, body: { error: said(found.reason)?.text, why: said(found.reason) } };
  const { at, timezone, stats } = found.value;
  const figures: (readonly [string, Figure<unknown>])[] = Object.entries(stats);
  return {
    status: 200,
    body: {
      ...{ at, timezone },
      ...Object.fromEntries(figures.map(([name, figure]) => [name, figure.ok ? figure.value : null])),
      missing: Object.fromEntries(
        figures.flatMap(([name, figure]) => (figure.ok ? [] : [[name, said(figure.reason)]])),
      ),
    },
  };
}
