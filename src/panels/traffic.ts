import type { NodeTraffic } from '../core/panel.ts';
import type { Rate } from '../core/panel-view.ts';

export const unknownRate: Rate = { upBps: null, downBps: null };

interface Sample {
  readonly at: number;
  readonly up: number;
  readonly down: number;
}

/** The panel writes its counters each 30 s: a rate over less than this would jump between nothing and double. */
const SHORTEST_MS = 60_000;
const SAMPLES_KEPT = 6;

/** Turns a growing counter into a rate over the last few samples. A counter that fell begins anew. */
export function createMeter() {
  let samples: readonly Sample[] = [];
  return {
    add(at: number, up: number, down: number): void {
      const last = samples.at(-1);
      const fell = last !== undefined && (up < last.up || down < last.down);
      samples = [...(fell ? [] : samples), { at, up, down }].slice(-SAMPLES_KEPT);
    },
    rate(): Rate {
      const first = samples[0];
      const last = samples.at(-1);
      if (first === undefined || last === undefined || last.at - first.at < SHORTEST_MS) return unknownRate;
      const seconds = (last.at - first.at) / 1000;
      return { upBps: (last.up - first.up) / seconds, downBps: (last.down - first.down) / seconds };
    },
  };
}

export interface NodeTotals {
  readonly up: number;
  readonly down: number;
}

/** Per node id; the panel's own core under {@link MASTER}. */
export type TotalsByNode = ReadonlyMap<string, NodeTotals>;

/** No node's id: they are numbers or uuids. */
export const MASTER = 'master';

export function totalsOf(traffic: readonly NodeTraffic[]): TotalsByNode {
  return new Map(traffic.map(({ nodeId, up, down }) => [nodeId ?? MASTER, { up, down }]));
}
