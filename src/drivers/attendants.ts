import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type ProcessId, type ProcessTable, readArguments, readProcess } from './proctree.ts';

/*
 * What stands of ours beside a service leads a session of its own, so that it outlives the manager, and is known by its
 * command line: `<program> <our script> <run folder> …`. Nobody else's says that.
 */

/** The scripts that stand beside services; each file is there once for all of them, in the folder of the run folders. */
export const keeperFile = 'keeper.sh';
export const witnessFile = 'witness.pl';
/** The kernel's name for what runs a keeper. */
const shell = 'sh';

/** Whether `pid` is one that runs `script` for `folder`. */
export function attendantAt(script: string, folder: string, pid: number): ProcessId | null {
  const entry = readProcess(pid);
  return entry && entry.state !== 'Z' && isAttendant(script, folder, pid) ? entry : null;
}

/** Whether the command line of `pid`, known to be below a keeper, is that of one that runs `script` for `folder`. */
export function isAttendant(script: string, folder: string, pid: number): boolean {
  return attends(pid) === key(script, folder);
}

/** The one that runs `script` for `folder`, looked for among all processes. */
export function findAttendant(script: string, folder: string, table: ProcessTable): ProcessId | null {
  return attendantsIn(table).leaders.get(key(script, folder)) ?? null;
}

/** What it had forked, and what may have been left of it. */
export function findStandbys(script: string, folder: string, table: ProcessTable): readonly ProcessId[] {
  return attendantsIn(table).others.get(key(script, folder)) ?? [];
}

interface Attendants {
  readonly leaders: Map<string, ProcessId>;
  readonly others: Map<string, ProcessId[]>;
}

const byTable = new WeakMap<ProcessTable, Attendants>();

/** Worked out once for a reading that many services share. */
function attendantsIn(table: ProcessTable): Attendants {
  const known = byTable.get(table);
  if (known) return known;
  const found: Attendants = { leaders: new Map(), others: new Map() };
  for (const entry of table.entries.values()) {
    const leads = entry.pid === entry.session;
    if (entry.state === 'Z' || (!leads && entry.comm !== shell)) continue;
    const what = attends(entry.pid);
    if (what === null) continue;
    if (leads) found.leaders.set(what, entry);
    else found.others.set(what, [...(found.others.get(what) ?? []), entry]);
  }
  byTable.set(table, found);
  return found;
}

function attends(pid: number): string | null {
  const [, script, folder] = readArguments(pid) ?? [];
  if (script === undefined || folder === undefined) return null;
  const name = basename(script);
  return name === keeperFile || name === witnessFile ? key(name, folder) : null;
}

function key(script: string, folder: string): string {
  return `${script}\0${folder}`;
}

/** Puts a script in place, whole or not at all, for this user only; one that is there already is not written again. */
export function putScript(path: string, text: string): void {
  if (readOrNull(path) === text) return;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
