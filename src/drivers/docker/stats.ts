import * as z from 'zod';
import { type Engine, parseJson } from './engine.ts';
import { type Failure, failureOf, refused } from './failures.ts';
import { type ContainerRef, findContainer, refName } from './find.ts';

/** Counters of one container; rates are made of two of these. */
export interface ContainerStats {
  /** When it was measured, epoch ms. */
  readonly at: number;
  /** CPU time used so far, all cores together. */
  readonly cpuNs: number;
  /** Bytes, without the file cache that the kernel gives back when it needs to. */
  readonly memory: number;
  /** Bytes; the machine's own memory where the container has no limit. null: not known. */
  readonly memoryLimit: number | null;
  readonly processes: number | null;
  /** Bytes since its start, all its networks together; 0 on the network of the host. */
  readonly received: number;
  readonly sent: number;
}

const statsSchema = z.object({
  read: z.string(),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  memory_stats: z
    .object({
      usage: z.number().default(0),
      limit: z.number().optional(),
      // inactive_file with control groups 2, total_inactive_file with 1.
      stats: z.object({ inactive_file: z.number().default(0), total_inactive_file: z.number().optional() }).optional(),
    })
    .default({ usage: 0 }),
  pids_stats: z.object({ current: z.number().optional() }).default({}),
  networks: z.record(z.string(), z.object({ rx_bytes: z.number(), tx_bytes: z.number() })).nullish(),
});

/** One look at what a container uses, without the second that the engine would measure for by itself. */
export async function containerStats(
  engine: Engine,
  ref: ContainerRef,
): Promise<{ readonly ok: true; readonly stats: ContainerStats } | ({ readonly ok: false } & Failure)> {
  const found = await findContainer(engine, ref);
  if (!found.ok) return found;
  const path = `/containers/${found.container.Id}/stats`;
  const answer = await engine.ask({ path, query: { stream: 'false', 'one-shot': 'true' } });
  if (!answer.ok) return { ok: false, ...failureOf(answer, refName(ref)) };
  const parsed = statsSchema.safeParse(parseJson(answer.body));
  const at = parsed.success ? Date.parse(parsed.data.read) : 0;
  // A container that does not run has the year 1 and zeros.
  if (!parsed.success || !(at > 0)) return { ok: false, ...refused(refName(ref), 'not running') };
  const { cpu_stats, memory_stats, pids_stats, networks } = parsed.data;
  const cache = memory_stats.stats?.total_inactive_file ?? memory_stats.stats?.inactive_file ?? 0;
  const nets = Object.values(networks ?? {});
  return {
    ok: true,
    stats: {
      at,
      cpuNs: cpu_stats.cpu_usage.total_usage,
      memory: Math.max(0, memory_stats.usage - cache),
      memoryLimit: memory_stats.limit ?? null,
      processes: pids_stats.current ?? null,
      received: nets.reduce((sum, net) => sum + net.rx_bytes, 0),
      sent: nets.reduce((sum, net) => sum + net.tx_bytes, 0),
    },
  };
}
