import { basename } from 'node:path';
import { type ProcessEntry, type ProcessTable, readArguments } from './proctree.ts';

const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'fish', 'ksh', 'ash', 'mksh', 'tcsh', 'csh']);

/** What runs somebody else's program, named by a later word. */
const interpreters =
  /^(python|pypy|node|nodejs|ruby|perl|php|java|bash|sh|dash|zsh|bun|deno|uv|poetry|npm|npx|env)[\d.]*$/;

/** `shell` and what it was told: `-c` runs a line, a word runs a script, nothing means that a person types. */
type Role = 'interactive-shell' | 'shell-line' | 'shell-script' | 'copier' | 'program';

export function roleOf(args: readonly string[]): Role {
  // A login shell has a dash before its name.
  const name = basename(args[0] ?? '').replace(/^-/, '');
  if (name === 'tee' || name === 'cat') return 'copier';
  if (!shells.has(name)) return 'program';
  const told = args.slice(1);
  if (told.some((word) => /^-[a-z]*c$/.test(word))) return 'shell-line';
  return told.some((word) => !/^[-+]/.test(word)) ? 'shell-script' : 'interactive-shell';
}

/**
 * The word by which a running command is known: its script where an interpreter runs one (`python3` may be `python`
 * elsewhere), else the program. Compared with whole last parts of paths, never with a piece of one.
 */
export function keyOf(command: readonly string[]): string {
  const [program = '', ...rest] = command;
  const script = interpreters.test(basename(program)) ? rest.find((word) => !word.startsWith('-')) : undefined;
  return basename(script ?? program);
}

/** An editor that has the script open does not run it. */
function runs([program = '', ...rest]: readonly string[], key: string): boolean {
  const name = basename(program);
  return name === key || (interpreters.test(name) && rest.some((word) => basename(word) === key));
}

/**
 * The service's process among those of a pane, from the pane's own process down: the topmost one that runs `command`,
 * and is no shell line around it and no `tee` behind it. Without a command: the topmost program. Topmost, because
 * workers below it come and go while it stays.
 */
export function findService(
  table: ProcessTable,
  panePid: number,
  command: readonly string[] | null,
): ProcessEntry | null {
  const key = command === null ? null : keyOf(command);
  let script: ProcessEntry | null = null;
  const top = table.entries.get(panePid);
  const queue = top ? [top] : [];
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    queue.push(...table.childrenOf(entry.pid));
    if (entry.state === 'Z') continue;
    const args = readArguments(entry.pid);
    if (!args) continue;
    const role = roleOf(args);
    if (key !== null) {
      if ((role === 'program' || role === 'shell-script') && runs(args, key)) return entry;
    } else if (role === 'program') return entry;
    else if (role === 'shell-script') script ??= entry;
  }
  return script;
}
