import type { FSWatcher } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Reason, reason } from '../core/reason.ts';
import type { ExitInfo, Run } from '../core/service.ts';
import type { Driver, Observation, StartResult, StopResult } from './driver.ts';
import { endTree, killTree } from './end-tree.ts';
import { type Keeper, openKeeper } from './keeper.ts';
import { launchScript } from './launch.ts';
import { Lineage } from './lineage.ts';
import { lastLinesOf } from './log-tail.ts';
import { News } from './news.ts';
import type { LaunchOptions } from './options.ts';
import { ownExit } from './pipeline.ts';
import { hindranceOf, lookOnce, preflight } from './preflight.ts';
import { bootId, isAlive, mayLive, type ProcessId, type ProcessTable, readChildren, startedAt } from './proctree.ts';
import { atNextTick, joinPulse, sampleWithin } from './pulse.ts';
import { nobody, serviceOf } from './record-owner.ts';
import { exitOf, makeRecord, type RunRecord, readRecord, recordNumbers, rotateRecords } from './run-record.ts';
import { createSlots, createTurns } from './turns.ts';
import { watchFolder } from './watch-folder.ts';
import { openWitness, type Witness } from './witness.ts';

/** From the word to the keeper to the service's own record: about 1 ms on an idle machine. */
const startDeadlineMs = 5000;
/** All at once would take so long together that each ran into its deadline; so many keep every core busy. */
const newKeepers = createSlots(16);
/** Looks after which a keeper that says nothing of a service that is gone is not waited for. */
const patience = 3;
/** From a service's end to its keeper's line about it. */
const recordDeadlineMs = 1000;
/** How often who waits for a record looks for it: where the kernel tells of changes, only in case it has kept one back. */
const lookMs = 250;
/** Where it does not: inotify's instances and watches are limited for each user, and whole machines run out of them. */
const lookUntoldMs = 5;

/** What ends together with its service may do so by itself, unless the next start comes sooner. */
const sweepMs = 1000;

/** One life as this driver knows it. */
interface Life {
  readonly service: ProcessId;
  readonly run: Run;
  exit: ExitInfo | null;
  /** What is known of its end beyond the exit code. */
  reason?: Reason;
}

/** Services as plain processes, each with a keeper beside it (keeper-script.ts), so that they outlive the manager. */
export function createProcessDriver(options: LaunchOptions, watch = watchFolder): Driver {
  const output =
    options.log_file === null ? join(options.run_dir, 'output.log') : resolve(options.cwd, options.log_file);
  const lineage = new Lineage(join(options.run_dir, 'tree'), () => keeper);
  const listeners: ((observation: Observation) => void)[] = [];
  const news = new News();
  let keeper: Keeper | null = null;
  let witness: Witness | null = null;
  /** Whether the run folder is in use: otherwise the next who needs it makes it ready. */
  let opened = false;
  let watcher: FSWatcher | null = null;
  let leavePulse: (() => void) | null = null;
  const inTurn = createTurns();
  let life: Life | null = null;
  /** Number of the newest run; 0 before the first. */
  let number = 0;
  /** The run whose empty record waits; 0: none is known to. */
  let prepared = 0;
  /** Whether what the keeper would run passed the look beforehand at the last start. */
  let proven = false;
  let starting = false;
  let endedWhileStarting = false;
  /** How often in a row the service was found gone while its keeper said nothing. */
  let missed = 0;
  let closed = false;

  // --- knowing ---

  /** Throws what the file system says. */
  function open(): Keeper {
    if (opened && keeper) return keeper;
    keeper = openKeeper(options.run_dir);
    witness = openWitness(keeper.folder);
    if (keeper.fresh) makeFirst(keeper);
    else takeNewest(keeper);
    if (!closed) {
      watcher = watch(keeper.records, onRecord);
      leavePulse = joinPulse({ every: 'second', tick, sample });
    }
    opened = true;
    return keeper;
  }

  /** Made before anybody watches the folder: nobody needs to hear of it. */
  function makeFirst({ records }: Keeper): void {
    if (number > 0) return;
    try {
      makeRecord(records, 1);
      prepared = 1;
    } catch {
      // Tried again when it is needed.
    }
  }

  function takeNewest(keeper: Keeper): void {
    for (const candidate of recordNumbers(keeper.records)) {
      const record = readRecord(keeper.records, candidate);
      if (!record) continue;
      const found = takeUp(record, keeper);
      if (record.status !== null) found.exit = exitIn(record);
      break;
    }
    lineage.load();
  }

  function letGo(): void {
    watcher?.close();
    leavePulse?.();
    opened = false;
    prepared = 0;
    proven = false;
  }

  /** Makes `record` the life that counts. */
  function takeUp(record: RunRecord, by: Keeper): Life {
    number = record.number;
    missed = 0;
    atNextTick(prepareSoon);
    const service = serviceOf(record);
    if (record.boot === bootId()) by.madeBy(record.session);
    const standing = by.living();
    if (record.boot === bootId()) lineage.follow(service, standing);
    const begun = service === nobody ? record.writtenAt : startedAt(service);
    life = {
      service,
      // The record's number stands for the start time, which nobody may have been there to read.
      run: { id: `${record.boot}:${record.pid}:${record.number}`, pid: record.pid, startedAt: begun },
      exit: null,
    };
    if (standing === null) standIn(life);
    if (!by.gathers()) sampleWithin(200);
    return life;
  }

  function exitIn(record: RunRecord): ExitInfo {
    return ownExit(options.command, { ...exitOf(record.status), at: record.writtenAt });
  }

  /** Without its keeper the service lives on; how it ends is seen by a witness. */
  function standIn({ service }: Life): void {
    if (service !== nobody) witness?.watch(number, service);
  }

  /** Whether somebody lives who will write down how the service ended. */
  function isTold(): boolean {
    return (keeper?.living() ?? witness?.living() ?? null) !== null;
  }

  function lifeRuns(): boolean {
    return life !== null && life.exit === null;
  }

  /** Reads the newest record again; tells listeners and waiters when it says something new. */
  function look(): void {
    if (!keeper) return;
    const record = readRecord(keeper.records, number + 1);
    if (record) {
      const { run } = takeUp(record, keeper);
      if (!starting) tell({ state: 'running', run });
      if (record.status !== null) ended(exitIn(record));
    } else if (lifeRuns()) readEnd();
    news.ring();
  }

  /** Waits at most `deadline` ms until `done` holds, whether or not anybody tells of what the keeper has written. */
  async function hear(done: () => boolean, deadline: number): Promise<boolean> {
    const looking = setInterval(look, watcher === null ? lookUntoldMs : lookMs);
    try {
      return await news.wait(done, deadline);
    } finally {
      clearInterval(looking);
    }
  }

  /** Reads the record of the life that counts, for how it ended. */
  function readEnd(): void {
    const record = keeper && readRecord(keeper.records, number);
    if (record && record.status !== null) ended(exitIn(record));
  }

  function ended(exit: ExitInfo): void {
    if (!life || life.exit) return;
    life.exit = exit;
    if (exit.code === 0 && leftOthers()) life.reason = reason('went-to-background');
    // The answer to start() comes first, also when the service ended at once.
    if (starting) endedWhileStarting = true;
    else tell(endOf(life, exit));
    news.ring();
    setTimeout(sweep, sweepMs).unref();
  }

  /** A program that makes itself a daemon ends well at once, while what it has forked works on. */
  function leftOthers(): boolean {
    if (!keeper?.gathers()) return false;
    const { living, isStandby } = keeper;
    const above = living();
    return above !== null && readChildren(above.pid, 1).some(({ pid, state }) => state !== 'Z' && !isStandby(pid));
  }

  /** Neither what a crash left nor the keeper stands around while a restart is put off, or when there is none. */
  function sweep(): void {
    if (closed) return;
    void inTurn(async () => {
      if (lifeRuns()) return;
      await killTree(lineage);
      await keeper?.end();
      await witness?.end();
    });
  }

  function tell(observation: Observation): void {
    if (!closed) for (const listener of listeners) listener(observation);
  }

  /** The files of runs long gone and of runs to come change too: only the newest one's news counts. */
  function onRecord(name: string | null): void {
    const changed = Number(name);
    // Without a name: there was more to tell than the kernel keeps.
    if (changed === number + 1 || name === null) look();
    else if (changed === number && lifeRuns()) readEnd();
  }

  /** Nobody will tell how the service ended. */
  function endedUntold(): void {
    const untold = life;
    // A witness may have gone with its last word right now.
    look();
    if (life === untold) ended({ code: null, signal: null, at: options.clock() });
  }

  /** The kernel does not know the service any more. Who lives beside it is about to say how it ended. */
  function missing(): void {
    look();
    if (!life || life.exit || isAlive(life.service)) return;
    missed += 1;
    if (isTold() && missed < patience) return;
    endedUntold();
  }

  /** Once a second: a keeper tells of an end at once; that both end together is looked for here. */
  function tick(): void {
    if (number > 0) prepareNext();
    if (!life || life.exit) return;
    if (life.service === nobody || !mayLive(life.service.pid)) missing();
    else if (!keeper?.mayLive() && !witness?.mayLive()) standIn(life);
  }

  function sample(table: ProcessTable): boolean {
    // Others may have given back what the kernel had none left of.
    if (keeper) watcher ??= watch(keeper.records, onRecord);
    if (!life || life.exit) return false;
    lineage.update(table);
    const entry = table.find(life.service);
    if (!entry || entry.state === 'Z') missing();
    const gathers = keeper?.gathers(table) === true;
    // Its pid may have been given to another, so that it seems to be there.
    if (!gathers && life && !life.exit && !isTold()) standIn(life);
    return !gathers;
  }

  async function inspect(): Promise<Observation> {
    try {
      open();
    } catch (error) {
      return { state: 'unknown', reason: folderReason(error) };
    }
    look();
    if (!life) return { state: 'absent' };
    if (!life.exit && !isAlive(life.service)) {
      // Who lives beside it writes the end down within moments.
      if (isTold()) await hear(() => !lifeRuns(), recordDeadlineMs);
      look();
      if (!life.exit && !isAlive(life.service)) life.exit = { code: null, signal: null, at: options.clock() };
    }
    return life.exit ? endOf(life, life.exit) : { state: 'running', run: life.run };
  }

  function folderReason(error: unknown): Reason {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return reason('run-folder-unusable', { path: options.run_dir, code });
  }

  // --- starting ---

  async function start(): Promise<StartResult> {
    let by: Keeper;
    try {
      by = open();
    } catch (error) {
      return { ok: false, fatal: false, reason: folderReason(error) };
    }
    if (lifeRuns()) {
      const seen = await inspect();
      if (seen.state === 'running') return { ok: true, run: seen.run };
    }
    if (life?.exit) look();
    if (lifeRuns() && life) return { ok: true, run: life.run };
    if (life && lineage.mayLive()) {
      const cleared = await killTree(lineage);
      if (!cleared.ok) return { ok: false, fatal: false, reason: cleared.reason };
    }
    starting = true;
    try {
      if (proven && options.env_file === null) return await startAgain(by);
      const checked = await preflight(options, output, number === 0 ? lookOnce : undefined);
      if (!checked.ok) return { ok: false, fatal: true, reason: checked.reason };
      return await launch(by, launchScript(checked.launch));
    } catch (error) {
      // Somebody may have removed the folder: the next start makes it anew.
      letGo();
      return { ok: false, fatal: false, reason: folderReason(error) };
    } finally {
      starting = false;
      if (endedWhileStarting) setImmediate(tellEnd);
    }
  }

  /**
   * What could be started before is started at once and looked at meanwhile, which saves half of a restart's time.
   * When the look finds that it could not work (the program is being replaced, the folder is gone), the run that ended
   * for it was no crash.
   */
  async function startAgain(by: Keeper): Promise<StartResult> {
    const [result, checked] = await Promise.all([launch(by, null), preflight(options, output)]);
    if (checked.ok || !(await hear(() => !lifeRuns(), recordDeadlineMs))) return result;
    endedWhileStarting = false;
    const ended = life?.exit ? { ended: { run: life.run, exit: life.exit } } : {};
    return { ok: false, fatal: true, reason: checked.reason, ...ended };
  }

  function tellEnd(): void {
    endedWhileStarting = false;
    if (life?.exit) tell(endOf(life, life.exit));
  }

  /** `script`: what the keeper is to run from now on; null: what it ran before. */
  async function launch(by: Keeper, script: string | null): Promise<StartResult> {
    const next = number + 1;
    lineage.clear();
    // Its record will be that of a later run.
    if (witness?.living()) await witness.end();
    if (script !== null) by.setLaunch(script);
    if (prepared !== next) makeRecord(by.records, next);
    const say = async () => {
      await by.ask(next);
      return hear(() => number === next, startDeadlineMs);
    };
    const begun = await (by.living() ? say() : newKeepers.take(say));
    prepared = 0;
    if (!begun || !life) {
      // Silent for seconds: stopped, or its folder is gone. The next start makes a new one.
      await by.end();
      return { ok: false, fatal: false, reason: reason('keeper-silent') };
    }
    proven = true;
    return { ok: true, run: life.run };
  }

  function prepareSoon(): void {
    if (closed || !opened) return;
    if (starting || newKeepers.crowded()) atNextTick(prepareSoon);
    else prepareNext();
  }

  /** So that a restart finds its record there, also on a disk that is full by then. */
  function prepareNext(): void {
    if (!keeper || starting || prepared > number) return;
    prepared = number + 1;
    try {
      rotateRecords(keeper.records, number);
    } catch {
      // Tried again when it is needed.
      prepared = 0;
    }
  }

  // --- stopping ---

  async function stop(): Promise<StopResult> {
    let by: Keeper;
    try {
      by = open();
    } catch (error) {
      return { ok: false, reason: folderReason(error) };
    }
    const ran = (await inspect()).state === 'running';
    const gone = () => hear(() => !lifeRuns(), options.stop_timeout);
    const result =
      ran && life ? await endTree(life.service, options.stop_signal, gone, lineage) : await killTree(lineage);
    if (!result.ok) return result;
    if (lifeRuns() && !(await hear(() => !lifeRuns(), isTold() ? recordDeadlineMs : 0))) endedUntold();
    await witness?.end();
    if (!(await by.end()))
      return { ok: false, reason: reason('not-killed', { processes: `sh (${by.living()?.pid})` }) };
    lineage.clear();
    return { ok: true, exit: ran ? (life?.exit ?? null) : null, killed: result.killed };
  }

  return {
    kind: 'process',
    inspect,
    hindrance: () => hindranceOf(options, output),
    start: () => inTurn(start),
    stop: () => inTurn(stop),
    onChange: (listener) => void listeners.push(listener),
    logs: (lines) => lastLinesOf(lifeRuns() ? (life?.service.pid ?? null) : null, output, lines),
    async close() {
      closed = true;
      letGo();
    },
  };
}

function endOf(life: Life, exit: ExitInfo): Observation {
  return { state: 'exited', run: life.run, exit, ...(life.reason === undefined ? {} : { reason: life.reason }) };
}
