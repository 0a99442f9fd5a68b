/** What the supervisor itself knows of a service's life; kept with the numbers that its process has. */
export const lifeNumbers = ['uptime', 'restarts'] as const;

/**
 * The numbers that checks give, by kind; `disk` stands for `disk:/` and so on. A test holds this to what the checks say.
 */
export const metricNames: Readonly<Record<string, readonly string[]>> = {
  process: ['cpu', 'memory', 'memory_of_host', 'threads', 'processes', 'open_files', 'open_files_used', ...lifeNumbers],
  http: ['latency', 'days_left'],
  tcp: ['latency'],
  tls: ['latency', 'days_left'],
  dns: ['latency', 'answers'],
  command: ['duration', 'exit_code'],
  log: ['matches'],
  redis: [
    ...['latency', 'memory', 'memory_rss', 'memory_share', 'fragmentation', 'keys', 'hit_rate', 'clients'],
    ...['blocked_clients', 'ops', 'evicted', 'expired', 'rejected', 'errors', 'received', 'sent', 'cpu', 'replicas'],
    ...['replication_lag', 'uptime'],
  ],
  postgres: [
    ...['latency', 'connections', 'connection_share', 'active', 'idle', 'idle_in_transaction', 'waiting'],
    ...['slow_queries', 'longest_query', 'longest_transaction', 'transactions', 'rollbacks', 'rows_read'],
    ...['rows_written', 'cache_hit', 'deadlocks', 'temp_files', 'temp_bytes', 'size', 'wraparound', 'replicas'],
    ...['replication_lag', 'replay_lag', 'uptime'],
  ],
  host: [
    ...['uptime', 'cpu', 'iowait', 'steal', 'load_per_core', 'memory', 'memory_available', 'swap', 'disk', 'disk_free'],
    ...['inodes', 'received', 'sent', 'net_errors', 'clock_offset'],
  ],
  panel: ['panels', 'users_online', 'nodes_up'],
};
