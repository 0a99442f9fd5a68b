import { InlineKeyboard } from 'grammy';
import type { KeyPattern, KeySample, RedisDetails } from '../../core/redis-details.ts';
import { may, type Role } from '../../core/role.ts';
import type { StoreRef } from '../../core/stores.ts';
import { escapeHtml, html, type Language, t } from '../../i18n.ts';
import { encode, redisParts } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';
import { sayDuration, sayMetric, sayTime, shorten } from '../say.ts';
import { codeOf } from './chart.ts';
import { asOf } from './list.ts';
import { none, type StoreScreen, sayBytes, sayMs, sayPercent, storeHead } from './stores.ts';

export type RedisPart = (typeof redisParts)[number];

/** On the overview; the others have a part of their own. */
const FEW_PATTERNS = 5;
const LONGEST_PATTERN = 40;
const REPLICAS = 4;

export interface RedisLook {
  readonly ref: StoreRef;
  readonly details: RedisDetails;
  readonly part: RedisPart;
}

/** One Redis, or one part of what is known of it. */
export function redisScreen(
  language: Language,
  role: Role,
  { ref, details, part }: RedisLook,
  timezone: string,
): StoreScreen {
  const say = (key: string, args: Readonly<Record<string, string | number>>) => html(language, key, args);
  const body = {
    overview: () => overview(language, details, timezone),
    keys: () => [say('chat-redis-keys', { keys: details.keys }), ...keyLines(language, details, Infinity)],
    slow: () => slowLines(language, details, timezone),
  }[part]();
  const lines = [
    ...storeHead(language, ref.title, details.address, details.findings),
    ...body,
    ...missingLine(language, details),
    '',
    asOf(language, details.at, timezone),
  ];
  return { text: lines.join('\n'), buttons: buttonsOf(language, role, ref, part) };
}

function buttonsOf(language: Language, role: Role, { id, service, check }: StoreRef, part: RedisPart): InlineKeyboard {
  const store = handleOf(id);
  const buttons = new InlineKeyboard();
  for (const each of redisParts)
    if (each !== part) buttons.text(t(language, `button-redis-${each}`), encode({ kind: 'redis', part: each, store }));
  buttons.row().text(t(language, 'button-refresh'), encode({ kind: 'redis', part, store }));
  buttons.text(t(language, 'button-chart'), encode({ kind: 'draw', which: codeOf(`${check}/memory`), service }));
  if (may(role, 'act')) buttons.text(t(language, 'button-clear'), encode({ kind: 'clear', store }));
  return buttons
    .row()
    .text(t(language, 'button-service'), encode({ kind: 'open', service }))
    .text(t(language, 'button-menu'), encode({ kind: 'home' }));
}

function overview(language: Language, details: RedisDetails, timezone: string): readonly string[] {
  const { info, latency, deltas, restarts } = details;
  const say = (key: string, args: Readonly<Record<string, string | number>>) => html(language, key, args);
  const ms = (value: number) => sayMs(language, value);
  const rate = (value: number | null) =>
    value === null ? '–' : sayMetric(language, { name: '', value, unit: 'bytes_per_s' });
  const expire = info.databases.reduce((sum, { expires }) => sum + expires, 0);
  return [
    say('chat-redis-server', {
      version: info.redis_version,
      for: sayDuration(language, info.uptime_in_seconds * 1000),
    }),
    say('chat-redis-latency', { now: ms(latency.now), median: latency.median === null ? '–' : ms(latency.median) }),
    ...memoryLines(language, details),
    say('chat-redis-keys-expire', { keys: details.keys, expire }),
    hitLine(language, details),
    say('chat-redis-clients', {
      clients: info.connected_clients,
      max: info.maxclients ?? '–',
      blocked: info.blocked_clients ?? '–',
    }),
    say('chat-redis-ops', {
      ops: info.instantaneous_ops_per_sec ?? '–',
      in: rate(deltas?.received ?? null),
      out: rate(deltas?.sent ?? null),
      cpu: deltas?.cpu == null ? '–' : sayPercent(language, deltas.cpu),
    }),
    ...deltaLines(language, details),
    ...persistenceLines(language, details),
    ...replicationLines(language, details),
    say('chat-redis-restarts', {
      restarts: restarts.count,
      last: restarts.lastAt === null ? '' : sayTime(language, restarts.lastAt, details.at, timezone),
    }),
    slowHead(language, details),
    ...keyLines(language, details, FEW_PATTERNS),
  ];
}

function memoryLines(language: Language, { info, memory }: RedisDetails): readonly string[] {
  const bytes = (value: number | null) => (value === null ? '–' : sayBytes(language, value));
  const limited = info.maxmemory !== null && info.maxmemory > 0;
  return [
    html(language, 'chat-redis-memory', {
      of: limited ? 'limit' : memory.limit === null ? 'nothing' : 'machine',
      used: bytes(memory.used),
      limit: bytes(memory.limit),
      share: memory.percent === null ? '–' : sayPercent(language, memory.percent),
    }),
    html(language, 'chat-redis-memory-more', {
      peak: bytes(info.used_memory_peak),
      rss: bytes(info.used_memory_rss),
      policy: info.maxmemory_policy,
      ratio: info.mem_fragmentation_ratio ?? '–',
    }),
  ];
}

function hitLine(language: Language, { hitRate }: RedisDetails): string {
  if (hitRate === null) return html(language, 'chat-redis-hits-few');
  return html(language, 'chat-redis-hits', {
    share: sayPercent(language, hitRate.percent),
    lookups: hitRate.lookups,
    for: sayDuration(language, hitRate.over),
  });
}

/** Counters say nothing by themselves: what counts is how far they went since the last look. */
function deltaLines(language: Language, { deltas }: RedisDetails): readonly string[] {
  if (deltas === null) return [html(language, 'chat-redis-deltas-none')];
  const errors = deltas.errors.map(({ code, count }) => `${code} ${count}`).join(', ');
  return [
    html(language, 'chat-redis-deltas', {
      for: sayDuration(language, deltas.ms),
      evicted: deltas.evicted ?? '–',
      expired: deltas.expired ?? '–',
      rejected: deltas.rejected ?? '–',
    }),
    ...(errors === '' ? [] : [html(language, 'chat-redis-errors', { errors: shorten(errors, 100) })]),
  ];
}

function persistenceLines(language: Language, { info, at, settings }: RedisDetails): readonly string[] {
  const saved = info.rdb_last_save_time;
  return [
    html(language, 'chat-redis-rdb', {
      // Without a rule for it the server saves only when it is told to.
      when: settings.save === '' ? 'off' : saved === null ? 'unknown' : 'on',
      ok: info.rdb_last_bgsave_status ?? 'ok',
      for: saved === null ? '–' : sayDuration(language, at - saved * 1000),
      changes: info.rdb_changes_since_last_save ?? 0,
    }),
    html(language, 'chat-redis-aof', {
      on: info.aof_enabled === '1' ? 'on' : 'off',
      write: info.aof_last_write_status ?? 'ok',
      rewrite: info.aof_last_bgrewrite_status ?? 'ok',
    }),
  ];
}

function replicationLines(language: Language, { info }: RedisDetails): readonly string[] {
  if (info.role === 'slave') {
    const { master_repl_offset: master, slave_repl_offset: own } = info;
    return [
      html(language, 'chat-redis-replica', {
        link: info.master_link_status ?? '?',
        for: sayDuration(language, Math.max(0, info.master_last_io_seconds_ago ?? 0) * 1000),
        behind: master === null || own === null ? '–' : sayBytes(language, Math.max(0, master - own)),
      }),
    ];
  }
  return [
    html(language, 'chat-redis-primary', { replicas: info.replicas.length }),
    ...info.replicas.slice(0, REPLICAS).map(({ address, state, lag }) =>
      html(language, 'chat-redis-replica-line', {
        ...{ address, state },
        behind: lag === null ? '–' : sayBytes(language, lag),
      }),
    ),
  ];
}

function slowHead(language: Language, { slowLog }: RedisDetails): string {
  if (slowLog === null) return html(language, 'chat-redis-slow-unknown');
  const { threshold, length, newest } = slowLog;
  return html(language, 'chat-redis-slow', {
    commands: length,
    over: threshold === null ? '?' : sayMs(language, threshold),
    worst: newest.length === 0 ? '' : sayMs(language, Math.max(...newest.map(({ took }) => took))),
  });
}

function slowLines(language: Language, details: RedisDetails, timezone: string): readonly string[] {
  const { slowLog, events, at } = details;
  const when = (moment: number) => sayTime(language, moment, at, timezone);
  return [
    slowHead(language, details),
    ...(slowLog?.newest ?? []).map(
      ({ at, took, command }) =>
        `${escapeHtml(when(at))} · ${escapeHtml(sayMs(language, took))} · <code>${escapeHtml(command)}</code>`,
    ),
    ...(slowLog === null || slowLog.newest.length === 0 ? [] : [html(language, 'chat-redis-slow-cut')]),
    ...(events ?? []).map(({ name, at, latest, worst }) =>
      html(language, 'chat-redis-event', {
        ...{ name, when: when(at) },
        latest: sayMs(language, latest),
        worst: sayMs(language, worst),
      }),
    ),
  ];
}

function keyLines(language: Language, { sample, at }: RedisDetails, most: number): readonly string[] {
  if (sample === null) return [];
  const shown = sample.patterns.slice(0, most);
  const rest = sample.patterns.slice(most).reduce((sum, { keys }) => sum + keys, 0) + sample.others;
  return [
    html(language, 'chat-redis-patterns', {
      ...{ sampled: sample.sampled, total: sample.total },
      all: isWhole(sample) ? 'all' : 'some',
      age: at - sample.at < 1000 ? none : sayDuration(language, at - sample.at),
    }),
    ...shown.map((pattern) => `  ${patternLine(language, pattern, sample)}`),
    ...(rest === 0 ? [] : [`  ${html(language, 'chat-redis-others', { keys: rest, sign: signOf(sample) })}`]),
  ];
}

/** Every key was seen: nothing is estimated. */
export function isWhole({ sampled, total }: KeySample): boolean {
  return sampled >= total;
}

export function signOf(sample: KeySample): string {
  return isWhole(sample) ? '' : '≈ ';
}

function patternLine(language: Language, { pattern, keys, bytes, ttl }: KeyPattern, sample: KeySample): string {
  const facts = [
    html(language, 'chat-redis-pattern-keys', { keys, sign: signOf(sample) }),
    ...(bytes === null ? [] : [html(language, 'chat-redis-pattern-size', { size: sayBytes(language, bytes) })]),
    ...(ttl === null ? [] : [html(language, 'chat-redis-pattern-life', { for: sayDuration(language, ttl * 1000) })]),
  ];
  return `<code>${escapeHtml(shorten(pattern, LONGEST_PATTERN))}</code> ${facts.join(' · ')}`;
}

function missingLine(language: Language, { missing }: RedisDetails): readonly string[] {
  return missing.length === 0 ? [] : [`⚪ ${html(language, 'chat-redis-missing', { rights: missing.join(' ') })}`];
}
