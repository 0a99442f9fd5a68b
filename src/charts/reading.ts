import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Bucket, type History, type HistoryAnswer, type HistoryQuestion, stepFor } from '../core/history.ts';

/** Each takes about a millisecond. */
const PARTS = 12;

/** What `query` answers, read in parts; between two of them the manager gets its turn. */
export async function readInParts(
  history: Pick<History, 'query'>,
  wanted: Pick<HistoryQuestion, 'service' | 'metric' | 'check'>,
  from: number,
  to: number,
): Promise<HistoryAnswer | null> {
  const step = stepFor(to - from);
  const part = Math.ceil((to - from) / PARTS / step) * step;
  const points: Bucket[] = [];
  let question = wanted;
  for (let at = Math.floor(from / step) * step; at < to; at += part) {
    await nextTurn();
    const answer = history.query({ ...question, from: at, to: Math.min(to, at + part), step });
    if (answer === null) return null;
    // What is kept is coarser than that, and would be cut where parts meet.
    if (answer.step !== step) return history.query({ ...wanted, from, to });
    points.push(...answer.points);
    question = answer.series;
    if (at + part >= to) return { ...answer, points };
  }
  return null;
}
