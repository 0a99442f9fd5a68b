import * as z from 'zod';
import type { RedisInfo } from '../core/redis-details.ts';

const number = z.string().transform(Number).pipe(z.number());
/** Not said by every version, and not by every server that speaks Redis. */
const perhaps = number.optional().transform((value) => value ?? null);
const yes = z.string().optional();

const said = z.object({
  redis_version: z.string().default('?'),
  run_id: z.string(),
  uptime_in_seconds: number,
  connected_clients: number,
  blocked_clients: perhaps,
  maxclients: perhaps,
  used_memory: number,
  used_memory_rss: perhaps,
  used_memory_peak: perhaps,
  maxmemory: perhaps,
  maxmemory_policy: z.string().default('?'),
  total_system_memory: perhaps,
  mem_fragmentation_ratio: perhaps,
  loading: yes,
  rdb_last_bgsave_status: yes,
  rdb_last_save_time: perhaps,
  rdb_changes_since_last_save: perhaps,
  aof_enabled: yes,
  aof_last_write_status: yes,
  aof_last_bgrewrite_status: yes,
  total_commands_processed: perhaps,
  instantaneous_ops_per_sec: perhaps,
  total_net_input_bytes: perhaps,
  total_net_output_bytes: perhaps,
  rejected_connections: perhaps,
  expired_keys: perhaps,
  evicted_keys: perhaps,
  keyspace_hits: perhaps,
  keyspace_misses: perhaps,
  role: z.string().default('?'),
  master_link_status: yes,
  master_link_down_since_seconds: perhaps,
  master_last_io_seconds_ago: perhaps,
  master_repl_offset: perhaps,
  slave_repl_offset: perhaps,
  used_cpu_sys: perhaps,
  used_cpu_user: perhaps,
});

/** Parses INFO's default sections. Throws a ZodError when it is not the INFO of a Redis. */
export function parseInfo(answer: unknown): RedisInfo {
  const text = z.string().parse(answer);
  const lines = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) lines.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const known = said.parse(Object.fromEntries(lines));
  return {
    ...known,
    databases: [...lines].flatMap(([name, value]) => {
      const db = /^db(\d+)$/.exec(name)?.[1];
      const fields = fieldsOf(value);
      if (db === undefined) return [];
      return [{ db: Number(db), keys: Number(fields.get('keys') ?? 0), expires: Number(fields.get('expires') ?? 0) }];
    }),
    errors: Object.fromEntries(
      [...lines].flatMap(([name, value]) => {
        const code = /^errorstat_(.+)$/.exec(name)?.[1];
        return code === undefined ? [] : [[code, Number(fieldsOf(value).get('count') ?? 0)] as const];
      }),
    ),
    replicas: [...lines].flatMap(([name, value]) => {
      if (!/^slave\d+$/.test(name)) return [];
      const fields = fieldsOf(value);
      const offset = Number(fields.get('offset'));
      const lag = known.master_repl_offset === null || Number.isNaN(offset) ? null : known.master_repl_offset - offset;
      return [{ address: `${fields.get('ip')}:${fields.get('port')}`, state: fields.get('state') ?? '?', lag }];
    }),
  };
}

/** `keys=3,expires=1` */
function fieldsOf(value: string): ReadonlyMap<string, string> {
  return new Map(
    value.split(',').map((field) => {
      const [name = '', text = ''] = field.split('=', 2);
      return [name, text] as const;
    }),
  );
}

/** All keys of all databases. */
export function countKeys(info: RedisInfo): number {
  return info.databases.reduce((sum, { keys }) => sum + keys, 0);
}

/** What fills up: the limit that was set, else the machine's memory; null: nobody says. */
export function memoryLimit(info: RedisInfo): number | null {
  return info.maxmemory !== null && info.maxmemory > 0 ? info.maxmemory : info.total_system_memory;
}
