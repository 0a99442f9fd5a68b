import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reason } from '../core/reason.ts';
import type { ExitInfo, Run } from '../core/service.ts';
import type { Driver, Observation, StartResult, StopResult } from './driver.ts';
import { endTree, killTree } from './end-tree.ts';
import { type Launch, launchScript } from './launch.ts';
import { Lineage } from './lineage.ts';
import { lastLinesOf } from './log-tail.ts';
import type { LaunchOptions } from './options.ts';
import { findService, roleOf } from './pane-process.ts';
import { ownExit } from './pipeline.ts';
import { hindranceOf, preflight } from './preflight.ts';
import {
  bootId,
  isAlive,
  type ProcessEntry,
  type ProcessId,
  type ProcessTable,
  readArguments,
  readProcess,
  runId,
  startedAt,
} from './proctree.ts';
import { joinPulse, readNow, sampleWithin } from './pulse.ts';
import { waitUntil } from './terminate.ts';
import type { Pane } from './tmux-client.ts';
import { readLife, type TmuxLife, writeLife } from './tmux-life.ts';
import { TmuxSession } from './tmux-session.ts';
import { createTurns } from './turns.ts';

export interface TmuxOptions extends LaunchOptions {
  /** Exact name; never matched by prefix. */
  readonly tmux_session: string;
  /** A name, or a path when it has a slash; null: tmux's default. */
  readonly tmux_socket: string | null;
}

/** How often a service that does not run is looked for, in case somebody started it by hand. */
const lookForMs = 5000;
/** What ends together with its service may do so by itself, unless the next start comes sooner. */
const sweepMs = 1000;
/** How long a service is young (ms); older, who is below it is looked at so many ticks apart. */
const youngMs = 5000;
const ticksPerGlance = 4;
/** Before the first tick: most of what forks does so at once. */
const firstGlancesMs = [20, 60, 140];
/** tmux learns of a death and of its status one after the other. */
const statusPauseMs = 100;
const statusTries = 5;

/** Services in tmux sessions, where a person can attach to them; also those that a person has started there. */
export function createTmuxDriver(options: TmuxOptions): Driver {
  const session = new TmuxSession(options.tmux_socket, options.tmux_session);
  const output =
    options.log_file === null ? join(options.run_dir, 'output.log') : resolve(options.cwd, options.log_file);
  const script = join(options.run_dir, 'start.sh');
  const lifePath = join(options.run_dir, 'life.json');
  const lineage = new Lineage(join(options.run_dir, 'tree'));
  const listeners: ((observation: Observation) => void)[] = [];
  const inTurn = createTurns();
  let life: TmuxLife | null = null;
  let leavePulse: (() => void) | null = null;
  let closed = false;
  /** A start or stop is on its way: what changes meanwhile is its own doing. */
  let busy = false;
  /** The tree of `life` is known. */
  let followed = false;
  let settling: Promise<void> | null = null;
  let lastLook = 0;
  let ticks = 0;
  let saved: Promise<void> = Promise.resolve();

  // --- knowing ---

  function begin(): void {
    if (leavePulse || closed) return;
    life = readLife(lifePath);
    lineage.load();
    leavePulse = joinPulse({ every: 'tick', tick, sample });
  }

  function lifeRuns(): boolean {
    return life !== null && life.exit === null;
  }

  function keep(next: TmuxLife): void {
    life = next;
    // Without it only the answer to "has it run before?" is lost: a full disk does not stop supervision.
    saved = saved.then(() => writeLife(lifePath, next)).catch(() => {});
  }

  function tell(observation: Observation): void {
    if (!closed) for (const listener of listeners) listener(observation);
  }

  /** Started by this driver: its pane's process has become the service. */
  function isOurs(pane: Pane): boolean {
    return pane.command.includes(script);
  }

  function serviceIn(pane: Pane, table: ProcessTable): ProcessEntry | null {
    if (pane.dead) return null;
    if (isOurs(pane)) return table.entries.get(pane.pid) ?? null;
    return findService(table, pane.pid, options.command);
  }

  /** Looks for the service in the session; makes it the life that counts. */
  function takeUp(panes: readonly Pane[]): boolean {
    const table = readNow();
    for (const pane of panes) {
      const entry = serviceIn(pane, table);
      if (!entry || entry.state === 'Z') continue;
      const id = runId(bootId(), entry);
      const own = entry.pid === pane.pid;
      follow(entry, own ? null : (table.entries.get(pane.pid) ?? null));
      if (life?.run.id === id && life.exit === null) return true;
      const run = { id, pid: entry.pid, startedAt: startedAt(entry) };
      keep({
        boot: bootId(),
        service: { pid: entry.pid, startTicks: entry.startTicks },
        run,
        pane: own ? pane.id : null,
        exit: null,
      });
      return true;
    }
    return false;
  }

  /** A shell line around the service goes with it; a shell in which a person types, and what else they do, stays. */
  function follow(service: ProcessId, above: ProcessId | null): void {
    const typed = above !== null && roleOf(readArguments(above.pid) ?? []) === 'interactive-shell';
    lineage.follow(service, typed ? null : above, typed ? (readProcess(service.pid)?.session ?? null) : null);
    followed = true;
    sampleWithin(200);
  }

  /** How a life that is over ended, as far as anybody can say: tmux knows it of its panes' own processes only. */
  async function exitOf(ended: TmuxLife): Promise<ExitInfo> {
    for (let tries = 0; ended.pane !== null && tries < statusTries; tries += 1) {
      if (tries > 1) await sleep(statusPauseMs);
      const seen = tries === 0 ? await session.look() : await session.lookAfterCollecting();
      const panes = seen.state === 'there' ? seen.panes : [];
      const pane = panes.find((each) => each.id === ended.pane && each.pid === ended.run.pid);
      if (!pane) break;
      const at = pane.diedAt ?? options.clock();
      if (pane.signal !== null) return { code: null, signal: signalName(pane.signal), at };
      if (pane.status !== null) return ownExit(options.command, { code: pane.status, signal: null, at });
    }
    return { code: null, signal: null, at: options.clock() };
  }

  /** Finds out how the life that has just gone ended, and says so. */
  function settle(): Promise<void> {
    settling ??= end().finally(() => {
      settling = null;
    });
    return settling;
  }

  async function end(): Promise<void> {
    const gone = life;
    if (!gone || gone.exit) return;
    const at = options.clock();
    const exit = { ...(await exitOf(gone)), at };
    keep({ ...gone, exit });
    tell({ state: 'exited', run: gone.run, exit });
    // In a pane of our own nothing but the service's tree can be; in somebody else's a start has to ask for it.
    if (gone.pane !== null) setTimeout(sweep, sweepMs).unref();
  }

  /** What a crash left is not left for as long as a restart is put off, or for ever when there is none. */
  function sweep(): void {
    if (!closed) void inTurn(async () => lifeRuns() || killTree(lineage));
  }

  function tick(): void {
    if (life && !life.exit) {
      // Read rather than asked by signal 0: tmux often leaves its dead uncollected.
      if (!isAlive(life.service)) void settle();
      else glance(life.run);
    } else if (!busy && performance.now() - lastLook > lookForMs) void lookFor();
  }

  /** In its first seconds at every tick, since it forks then, and may die soon; later once a second. */
  function glance(run: Run): void {
    ticks += 1;
    if (ticks % ticksPerGlance === 0 || options.clock() - run.startedAt < youngMs) lineage.glance();
  }

  function sample(table: ProcessTable): boolean {
    if (!life || life.exit) return false;
    lineage.update(table);
    const entry = table.find(life.service);
    if (!entry || entry.state === 'Z') void settle();
    return true;
  }

  /** Somebody may have started it by hand. */
  async function lookFor(): Promise<void> {
    lastLook = performance.now();
    const seen = await session.look();
    if (busy || closed || lifeRuns() || seen.state !== 'there' || !takeUp(seen.panes)) return;
    if (life) tell({ state: 'running', run: life.run });
  }

  async function inspect(): Promise<Observation> {
    begin();
    if (settling) await settling;
    if (followed && life && lives(life)) return { state: 'running', run: life.run };
    const seen = await session.look();
    if (seen.state === 'there' && takeUp(seen.panes) && life) return { state: 'running', run: life.run };
    if (life && lives(life)) {
      // Its session is gone or cannot be asked about, but the process goes on.
      follow(life.service, null);
      return { state: 'running', run: life.run };
    }
    if (seen.state === 'unknown') return { state: 'unknown', reason: seen.reason };
    if (!life) return { state: 'absent' };
    const exit = life.exit ?? (await exitOf(life));
    if (!life.exit) keep({ ...life, exit });
    return { state: 'exited', run: life.run, exit };
  }

  // --- starting ---

  async function start(): Promise<StartResult> {
    busy = true;
    try {
      const found = await inspect();
      if (found.state === 'running') return { ok: true, run: found.run };
      await mkdir(options.run_dir, { recursive: true, mode: 0o700 });
      const checked = await preflight(options, output);
      if (!checked.ok) return { ok: false, fatal: true, reason: checked.reason };
      const cleared = await killTree(lineage);
      if (!cleared.ok) return { ok: false, fatal: false, reason: cleared.reason };
      const room = await session.makeRoom();
      return room.ok ? await launch(checked.launch, room.where) : room;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return { ok: false, fatal: false, reason: reason('run-folder-unusable', { path: options.run_dir, code }) };
    } finally {
      busy = false;
    }
  }

  /** One that is there already need not be written again, for which a full disk would have no room. */
  async function writeScript(text: string): Promise<void> {
    if ((await readFile(script, 'utf8').catch(() => null)) === text) return;
    await writeFile(`${script}.new`, text, { mode: 0o600 });
    await rename(`${script}.new`, script);
  }

  async function launch(prepared: Launch, where: readonly string[]): Promise<StartResult> {
    // A terminal of tmux understands what `screen` does, and every machine knows that name.
    const environment = { TERM: 'screen', ...prepared.environment };
    await writeScript(launchScript({ ...prepared, environment, output: null }));
    const opened = await session.open(where, options.cwd, script, output);
    if (!opened.ok) return opened;
    const { pane, pid } = opened;
    const seen = await session.look();
    if (seen.state !== 'there' || !seen.panes.some((each) => each.id === pane))
      return { ok: false, fatal: false, reason: reason('tmux-session-vanished', { session: options.tmux_session }) };
    const service = readProcess(pid) ?? { pid, startTicks: 0 };
    const run = { id: runId(bootId(), service), pid: service.pid, startedAt: options.clock() };
    lineage.clear();
    follow(service, null);
    keep({ boot: bootId(), service: { pid: service.pid, startTicks: service.startTicks }, run, pane, exit: null });
    for (const ms of firstGlancesMs) setTimeout(() => lineage.glance(), ms).unref();
    return { ok: true, run };
  }

  // --- stopping ---

  async function stop(): Promise<StopResult> {
    busy = true;
    try {
      const seen = await inspect();
      if (seen.state === 'unknown') return { ok: false, reason: seen.reason };
      const ran = seen.state === 'running' ? life : null;
      const gone = () => waitUntil(() => ran === null || !isAlive(ran.service), options.stop_timeout);
      const ended = ran ? await endTree(ran.service, options.stop_signal, gone, lineage) : await killTree(lineage);
      if (!ended.ok) return ended;
      if (ran) await settle();
      const closing = await session.close();
      if (!closing.ok) return closing;
      lineage.clear();
      return { ok: true, exit: ran ? (life?.exit ?? null) : null, killed: [...ended.killed, ...closing.killed] };
    } finally {
      busy = false;
    }
  }

  return {
    kind: 'tmux',
    inspect,
    hindrance: () => hindranceOf(options, output),
    start: () => inTurn(start),
    stop: () => inTurn(stop),
    onChange: (listener) => void listeners.push(listener),
    logs: (lines) => lastLinesOf(life?.exit === null ? life.service.pid : null, output, lines),
    async close() {
      closed = true;
      leavePulse?.();
      await settling;
      await saved;
    },
  };
}

function lives(life: TmuxLife): boolean {
  return life.exit === null && life.boot === bootId() && isAlive(life.service);
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found ? found[0] : `SIG${number}`;
}
