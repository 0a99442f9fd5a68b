import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { CheckResult, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { roll } from '../core/rolling.ts';
import type { Check } from './check.ts';
import { killTree, markName } from './command-tree.ts';
import { codeOf } from './connect.ts';
import { answered } from './slow.ts';

export interface CommandCheckOptions {
  readonly id: string;
  /** Program and arguments; no shell in between. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** Its own variables, beside PATH, HOME, LANG, USER and TZ. */
  readonly env: Readonly<Record<string, string>>;
  /** The exit code that is right. */
  readonly expect_exit: number;
  /** Exit codes that mean "degraded" (1 in the habit of Nagios plugins). */
  readonly degraded_exits: readonly number[];
  /** Regular expression that the output has to match; null: any output. */
  readonly output_matches: string | null;
  /** ms; null: never too slow. */
  readonly degraded_over: number | null;
}

/** So much of what a command says is kept, from its start and, beyond it, from its end; the rest is read and dropped. */
const KEPT_CHARACTERS = 64 * 1024;
/** So much of its last line is shown. */
const SHOWN_CHARACTERS = 200;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and error together, as they came. */
  readonly output: string;
  /** Standard output alone. */
  readonly said: string;
  readonly late: boolean;
}

/** Runs a program and judges its exit code and output. What it started is gone at the deadline. */
export function createCommandCheck(options: CommandCheckOptions): Check {
  const { id, expect_exit, degraded_exits, degraded_over } = options;
  const program = options.command[0] ?? '';
  const wanted = options.output_matches === null ? null : new RegExp(options.output_matches, 'u');
  let durations: readonly number[] = [];

  function judge({ code, signal, output, late }: Outcome, metrics: readonly Metric[]): CheckResult {
    const said = saidLast(output);
    if (late) return { verdict: 'unhealthy', reason: reason('command-late', { program, ...said }), metrics };
    if (code === null) {
      return {
        verdict: 'unhealthy',
        reason: reason('command-signal', { program, signal: signal ?? '?', ...said }),
        metrics,
      };
    }
    if (code !== expect_exit) {
      const verdict = degraded_exits.includes(code) ? 'degraded' : 'unhealthy';
      return { verdict, reason: reason('command-exit', { program, code: String(code), ...said }), metrics };
    }
    if (wanted && !wanted.test(output)) {
      return { verdict: 'unhealthy', reason: reason('command-output', { program, ...said }), metrics };
    }
    return answered(durations, degraded_over, (ms, limit) => reason('command-slow', { program, ms, limit }), metrics);
  }

  return {
    id,
    kind: 'command',
    async run({ signal }) {
      const started = performance.now();
      let outcome: Outcome;
      try {
        outcome = await runCommand(options, signal);
      } catch (error) {
        // Not started at all: that says nothing about what it would have looked at.
        return { verdict: 'unknown', reason: reason('command-not-run', { program, code: codeOf(error) }), metrics: [] };
      }
      const duration = performance.now() - started;
      durations = roll(durations, duration);
      const took: Metric = { name: 'duration', value: duration, unit: 'ms' };
      const exit: readonly Metric[] =
        outcome.code === null ? [] : [{ name: 'exit_code', value: outcome.code, unit: 'count' }];
      return judge(outcome, [took, ...exit]);
    },
    async close() {},
  };
}

/** Runs it to its end, or until the deadline. Rejects when it cannot be started. */
export function runCommand(
  options: Pick<CommandCheckOptions, 'command' | 'cwd' | 'env'>,
  deadline: AbortSignal,
): Promise<Outcome> {
  const [program = '', ...args] = options.command;
  const mark = randomUUID();
  return new Promise((resolve, reject) => {
    if (deadline.aborted) return resolve({ code: null, signal: null, output: '', said: '', late: true });
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env, [markName]: mark },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own, by which what it starts is found again.
      detached: true,
    });
    let output = '';
    let said = '';
    let late = false;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      deadline.removeEventListener('abort', kill);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, output, said, late });
    };
    const kill = (): void => {
      late = true;
      const { pid } = child;
      // Somebody who cannot be killed (stuck in the kernel) must not keep the check either.
      if (pid !== undefined) killTree(pid, mark).then(() => end(null, null), reject);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output = keep(output + text);
        if (stream === child.stdout) said = keep(said + text);
      });
    }
    child.once('error', reject);
    child.once('spawn', () => deadline.addEventListener('abort', kill, { once: true }));
    // `close` waits for the pipes too, which a child left in the background would hold: it counts as the command.
    child.once('close', (code, signal) => {
      if (!late) end(code, signal);
    });
  });
}

/** The start and the end, when it is too much. */
function keep(output: string): string {
  const half = KEPT_CHARACTERS / 2;
  return output.length <= KEPT_CHARACTERS ? output : output.slice(0, half) + output.slice(-half);
}

/** What a command said last: usually why it failed. Without colours and secrets. */
export function saidLast(output: string): { readonly said: 'line' | 'nothing'; readonly line: string } {
  const lines = stripVTControlCharacters(output).split(/[\r\n]+/);
  const last = redactSecrets(lines.findLast((line) => line.trim() !== '')?.trim() ?? '');
  const line = last.length > SHOWN_CHARACTERS ? `${last.slice(0, SHOWN_CHARACTERS - 1)}…` : last;
  return { said: line === '' ? 'nothing' : 'line', line };
}

/** None of the manager's secrets is handed on. */
function cleanEnvironment(): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'USER', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) clean[name] = value;
  }
  return clean;
}
