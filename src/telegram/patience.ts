import type { Transformer } from 'grammy';
import { createBackoff, pause } from './backoff.ts';
import { classify } from './errors.ts';

/** Longer than this (ms) nobody waits for a screen: they tap again. */
const longestFlood = 20_000;
const mostTries = 3;

/**
 * Repeats calls of the interactive screens for a short while. Never around getUpdates, nor around the transport: those
 * decide for themselves. What may have been carried out is repeated only where twice is the same as once.
 */
export function patience(stop: AbortSignal): Transformer {
  return async (prev, method, payload, signal) => {
    const backoff = createBackoff({ first: 300, most: 2_000 });
    const harmless = method.startsWith('edit') || method.startsWith('answer');
    for (let tries = 1; ; tries++) {
      const last = tries >= mostTries || stop.aborted;
      try {
        const answer = await prev(method, payload, signal);
        if (answer.ok || last) return answer;
        const wait = answer.error_code === 429 ? (answer.parameters?.retry_after ?? 1) * 1000 : null;
        const again = wait ?? (answer.error_code >= 500 && harmless ? backoff.next() : null);
        if (again === null || again > longestFlood) return answer;
        await pause(again, stop);
      } catch (error) {
        const failure = classify(error);
        const repeatable = failure?.kind === 'network' && (harmless || !failure.arrived);
        if (last || !repeatable) throw error;
        await pause(backoff.next(), stop);
      }
    }
  };
}
