import type { Reason } from '../core/reason.ts';
import { sayReason } from '../i18n.ts';
import { sayDuration, sayMetric } from '../measures.ts';
import { isAgreed } from './agreement.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { CacheReport, CountReport } from './store-protocol.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

type Client = Pick<ControlClient, 'caches' | 'countKeys' | 'clearKeys' | 'stopClearing'>;

const patternsShown = 15;

/** `orbit cache stats [--redis service]`. */
export async function showCaches(
  client: Pick<ControlClient, 'caches'>,
  terminal: Terminal,
  store: string | null,
  json: boolean,
): Promise<number> {
  const { language } = terminal;
  const asked = await client.caches(store);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const found = asked.value;
  if (!found.ok) return reportFailure(terminal, { ...found, code: codeOf(found.reason) }, json);
  if (json)
    printJson(
      terminal,
      found.value.map((each) => (each.ok ? each.value : { error: sayReason(language, each.reason) })),
    );
  else
    found.value.forEach((each, index) => {
      if (index > 0) terminal.out('');
      if (each.ok) for (const line of cacheLines(each.value, terminal)) terminal.out(line);
      else terminal.err(sayReason(language, each.reason));
    });
  return found.value.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

/** One Redis for a person. */
export function cacheLines(report: CacheReport, { say, paint, language }: Terminal): readonly string[] {
  const { info, memory, keys, hitRate, sample, findings, missing } = report;
  const bytes = (value: number) => sayMetric(language, { name: '', value, unit: 'bytes' });
  const percent = (value: number) => sayMetric(language, { name: '', value, unit: '%' });
  const count = (value: number) => sayMetric(language, { name: '', value, unit: 'count' });
  const facts: readonly (readonly [string, string])[] = [
    [
      'server',
      say('cli-cache-version', {
        version: info.redis_version,
        for: sayDuration(language, info.uptime_in_seconds * 1000),
      }),
    ],
    ['latency', sayMetric(language, { name: '', value: report.latency.now, unit: 'ms' })],
    [
      'memory',
      memory.limit === null || memory.percent === null
        ? bytes(memory.used)
        : `${bytes(memory.used)} / ${bytes(memory.limit)} (${percent(memory.percent)})`,
    ],
    ['keys', count(keys)],
    ['hit-rate', hitRate === null ? '–' : `${percent(hitRate.percent)} (${sayDuration(language, hitRate.over)})`],
    ['clients', `${info.connected_clients} / ${info.maxclients ?? '–'}`],
  ];
  const rows = facts.map(([key, value]): readonly Cell[] => [
    { text: say(`cli-cache-${key}`), colour: 'dim' },
    { text: value },
  ]);
  return [
    `${paint('bold', report.title)} (${report.address})`,
    ...findings.map(({ reason }) => paint('yellow', sayReason(language, reason))),
    ...alignedTable(rows, paint),
    ...(sample === null ? [] : ['', ...patternTable(sample, { say, paint, language })]),
    ...(missing.length === 0 ? [] : ['', say('cli-cache-missing', { rights: missing.join(' ') })]),
  ];
}

function patternTable(
  sample: NonNullable<CacheReport['sample']>,
  { say, paint, language }: Pick<Terminal, 'say' | 'paint' | 'language'>,
): readonly string[] {
  const { patterns, sampled, total, others } = sample;
  const sign = sampled >= total ? '' : '≈ ';
  const count = (value: number) => `${sign}${sayMetric(language, { name: '', value, unit: 'count' })}`;
  const heading = ['pattern', 'keys', 'each', 'life'].map((name): Cell => {
    return { text: say(`cli-column-${name}`), colour: 'dim' };
  });
  const rows = patterns
    .slice(0, patternsShown)
    .map(({ pattern, keys, bytes, ttl }): readonly Cell[] => [
      { text: pattern },
      { text: count(keys) },
      { text: bytes === null ? '–' : sayMetric(language, { name: '', value: bytes, unit: 'bytes' }) },
      { text: ttl === null ? '–' : sayDuration(language, ttl * 1000) },
    ]);
  const rest = patterns.slice(patternsShown).reduce((sum, { keys }) => sum + keys, others);
  return [
    ...alignedTable([heading, ...rows], paint),
    paint('dim', say('cli-cache-sample', { rest: count(rest), sampled, total })),
  ];
}

export interface ClearWishes {
  readonly store: string | null;
  readonly pattern: string;
  /** Do not ask. */
  readonly yes: boolean;
  /** What `--count` says; null: nothing. */
  readonly count: number | null;
  readonly json: boolean;
}

/** `orbit cache clear <pattern>`: counts, asks, removes. Ctrl-C stops it between two batches. */
export async function clearCache(client: Client, terminal: Terminal, wishes: ClearWishes): Promise<number> {
  const { say, language } = terminal;
  const { json } = wishes;
  const step = (key: string) => (done: number, of: number) => terminal.hint(say(key, { done, of }));
  const asked = await client.countKeys(wishes.store, wishes.pattern, step('cli-cache-counting'));
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const counted = asked.value;
  if (!counted.ok) return reportFailure(terminal, { ...counted, code: codeOf(counted.reason) }, json);
  const keys = counted.value;
  if (!json) for (const line of countLines(keys, terminal)) terminal.out(line);
  const confirmed = keys.needsCount ? wishes.count : null;
  // Without the number it is not asked about either: the manager refuses it, and says why.
  const sure = keys.matching > 0 && (wishes.yes || (keys.needsCount && confirmed !== keys.matching));
  if (
    !sure &&
    (keys.matching === 0 || json || !(await isAgreed(say('cli-cache-question', { matching: keys.matching }))))
  ) {
    if (json) printJson(terminal, { cleared: false, count: keys });
    else if (keys.matching > 0) terminal.err(say('cli-cache-not-cleared'));
    return exitCodes.ok;
  }
  const { result, interrupted } = await stoppable(client, terminal, keys.id, () =>
    client.clearKeys(keys.id, confirmed, step('cli-cache-clearing')),
  );
  if (!result.ok) return reportFailure(terminal, result, json);
  const cleared = result.value;
  const took = sayDuration(language, cleared.took);
  const { removed } = cleared;
  if (json) {
    const message = cleared.ok ? null : sayReason(language, cleared.reason);
    printJson(terminal, { cleared: cleared.ok && !cleared.stopped, count: keys, result: cleared, message });
  } else if (!cleared.ok) terminal.err(say('cli-cache-failed', { removed, why: sayReason(language, cleared.reason) }));
  else terminal.out(say(cleared.stopped ? 'cli-cache-stopped' : 'cli-cache-cleared', { removed, took }));
  if (interrupted) return exitCodes.interrupted;
  return cleared.ok ? exitCodes.ok : exitCodes.failed;
}

/** Mistyped, or tried and not possible. */
function codeOf({ code }: Reason): 'unknown-service' | 'failed' {
  return ['cache-none', 'cache-which', 'cache-no-such'].includes(code) ? 'unknown-service' : 'failed';
}

function countLines(keys: CountReport, { say, language, paint }: Terminal): readonly string[] {
  const { matching, total, percent, pattern, examples } = keys;
  if (matching === 0) return [say('cli-cache-nothing', { pattern, title: keys.store.title })];
  const share = sayMetric(language, { name: '', value: percent, unit: '%' });
  return [
    say('cli-cache-covers', { matching, total, share, pattern, title: keys.store.title }),
    ...examples.map((key) => paint('dim', `  ${key}`)),
    ...(keys.needsCount ? [paint('yellow', say('cli-cache-most', { count: String(matching) }))] : []),
  ];
}

/** The first Ctrl-C asks the manager to stop and waits for what became of it; the second leaves. */
async function stoppable<T>(client: Client, terminal: Terminal, count: string, work: () => Promise<T>) {
  let interrupted = false;
  const stop = (): void => {
    if (interrupted) process.exit(exitCodes.interrupted);
    interrupted = true;
    terminal.err(terminal.say('cli-cache-stopping'));
    // Whether it worked is told by the answer that is waited for.
    void client.stopClearing(count);
  };
  process.on('SIGINT', stop);
  try {
    const result = await work();
    return { result, interrupted };
  } finally {
    process.off('SIGINT', stop);
  }
}
