import { growth, ratePerSecond } from '../core/counter.ts';
import type { NetworkCounters } from './host-proc.ts';

/** What one interface did between two readings. */
export interface NetworkRate {
  readonly name: string;
  /** Bytes per second. */
  readonly received: number;
  readonly sent: number;
  /** Errors and drops since the last reading, and the packets that they are part of. */
  readonly bad: number;
  readonly packets: number;
}

/** Compares two readings `ms` apart. What is new, or was reset, has no rate yet. */
export function networkRates(
  before: readonly NetworkCounters[],
  now: readonly NetworkCounters[],
  ms: number,
): readonly NetworkRate[] {
  return now.flatMap((counters) => {
    const earlier = before.find(({ name }) => name === counters.name);
    const received = ratePerSecond(earlier?.receivedBytes, counters.receivedBytes, ms);
    const sent = ratePerSecond(earlier?.sentBytes, counters.sentBytes, ms);
    const bad = growth(earlier?.bad, counters.bad);
    const packets = growth(earlier?.packets, counters.packets);
    if (received === null || sent === null || bad === null || packets === null) return [];
    return [{ name: counters.name, received, sent, bad, packets }];
  });
}
