import type { ServiceConfig } from '../config/schema.ts';

/** The result, or `late` when it takes longer than `ms`; the work itself goes on. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T | 'late'> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    limit = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}

/**
 * What an operation gets beyond the service's own `stop_timeout` before it is said to hang, ms: more than what a driver
 * takes by itself to say so (systemd has a minute for a start).
 */
const MARGIN_MS = 90_000;

/** Ms that a start, a stop or a restart may take. */
export function operationLimit({ stop_timeout }: Pick<ServiceConfig, 'stop_timeout'>): number {
  return stop_timeout + MARGIN_MS;
}
