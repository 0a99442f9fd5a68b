import { createHash } from 'node:crypto';
import { type CheckResult, compareHealth, type Metric } from '../../core/health.ts';
import { type Reason, reason } from '../../core/reason.ts';
import type { ExitInfo, Fate, Run } from '../../core/service.ts';
import type { Observation, StopResult } from '../driver.ts';

/** One of several containers that are one service. */
export interface Part {
  readonly name: string;
  readonly seen: Observation;
}

/** It was not meant to go on: it ended well, and nobody is to start it again. */
export function isDone(seen: Observation): boolean {
  return seen.state === 'exited' && seen.exit.code === 0 && seen.fate !== 'restarts' && seen.fate !== 'stopped';
}

/**
 * The life of all of them together: another one as soon as one of them begins another. A single container is itself.
 */
export function runOfParts(project: string, parts: readonly Part[]): Run {
  const runs = parts.flatMap(({ seen }) => (seen.state === 'running' || seen.state === 'exited' ? [seen.run] : []));
  const [one, ...more] = runs;
  if (one !== undefined && more.length === 0 && parts.length === 1) return one;
  const ids = runs.map(({ id }) => id).sort();
  const print = createHash('sha256').update(ids.join('\n')).digest('base64url').slice(0, 22);
  return { id: `${project}:${print}`, pid: null, startedAt: Math.max(0, ...runs.map(({ startedAt }) => startedAt)) };
}

/** Worst first: what cannot be seen, what is down, what runs. Those that have done their work count only when all have. */
export function foldObservations(project: string, parts: readonly Part[]): Observation {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only.seen;
  const unseen = parts.find(({ seen }) => seen.state === 'unknown')?.seen;
  if (unseen !== undefined) return unseen;
  const ended = parts.filter(({ seen }) => seen.state === 'exited');
  const running = parts.filter(({ seen }) => seen.state === 'running');
  const failed = ended.filter(({ seen }) => !isDone(seen));
  const down = running.length === 0 && failed.length === 0 ? ended : failed;
  if (down.length > 0) return together(down, runOfParts(project, parts), running.length > 0);
  if (running.length === 0) return { state: 'absent' };
  const restarts = running.reduce((sum, { seen }) => sum + (seen.state === 'running' ? (seen.restarts ?? 0) : 0), 0);
  return { state: 'running', run: runOfParts(project, parts), restarts };
}

function together(down: readonly Part[], run: Run, others: boolean): Observation {
  const ends = down.flatMap(({ name, seen }) => (seen.state === 'exited' ? [{ name, seen }] : []));
  const [first, ...more] = ends;
  if (first === undefined) return { state: 'absent' };
  const worst = more.reduce((a, b) => (isWorse(b.seen.exit, a.seen.exit) ? b : a), first);
  const fate = fateOf(ends.map(({ seen }) => seen.fate ?? null));
  const why: Reason | null =
    worst.seen.reason ?? (others ? reason('project-container-down', { container: worst.name }) : null);
  return {
    ...{ state: 'exited', run, exit: worst.seen.exit },
    ...(why === null ? {} : { reason: why }),
    ...(fate === null ? {} : { fate }),
  };
}

/** An end that was no success is worse than one that was; of two, the first that happened is likely the cause. */
function isWorse(a: ExitInfo, b: ExitInfo): boolean {
  const bad = ({ code }: ExitInfo) => code !== 0;
  return bad(a) === bad(b) ? a.at < b.at : bad(a);
}

/** Where one of them is the manager's to start, the whole is. */
function fateOf(fates: readonly (Fate | null)[]): Fate | null {
  if (fates.includes(null)) return null;
  return (['left', 'restarts'] as const).find((fate) => fates.includes(fate)) ?? 'stopped';
}

export function combineStops(results: readonly StopResult[]): StopResult {
  const failed = results.find((result) => !result.ok);
  if (failed !== undefined) return failed;
  const ended = results.flatMap((result) => (result.ok ? [result] : []));
  const exits = ended.flatMap(({ exit }) => (exit === null ? [] : [exit]));
  const exit = exits.length === 0 ? null : exits.reduce((a, b) => (isWorse(b, a) ? b : a));
  return { ok: true, exit, killed: ended.flatMap(({ killed }) => killed) };
}

/** Numbers that mean something as a sum. */
const sums: ReadonlySet<string> = new Set(['cpu', 'memory', 'processes', 'received', 'sent']);

/** The worst verdict of all, and what they use together. `measured`: in the order of the parts; null: does not run. */
export function foldMeasures(parts: readonly Part[], measured: readonly (CheckResult | null)[]): CheckResult {
  const verdicts = parts.map(({ name, seen }, index): Pick<CheckResult, 'verdict' | 'reason'> => {
    const result = measured[index] ?? null;
    if (result !== null) return result;
    if (isDone(seen)) return { verdict: 'healthy', reason: null };
    return { verdict: 'unhealthy', reason: reason('project-container-down', { container: name }) };
  });
  const worst = [...verdicts].sort((a, b) => compareHealth(a.verdict, b.verdict))[0];
  const metrics = new Map<string, Metric>();
  for (const metric of measured.flatMap((result) => result?.metrics ?? [])) {
    if (!sums.has(metric.name)) continue;
    const { value } = metrics.get(metric.name) ?? { value: 0 };
    metrics.set(metric.name, { ...metric, value: value + metric.value });
  }
  return { verdict: worst?.verdict ?? 'unknown', reason: worst?.reason ?? null, metrics: [...metrics.values()] };
}
