import pidusage from 'pidusage';

/** What a process has used. */
interface Usage {
  /** Processor time since its start, ms. */
  readonly cpu: number;
  /** RSS, bytes. */
  readonly memory: number;
}

/** By pid. */
export type Usages = ReadonlyMap<number, Usage>;

/** It opens a file for each, all at the same time. */
const MOST_AT_ONCE = 256;

let asked: { readonly pids: readonly number[]; readonly answer: (usages: Usages) => void }[] = [];

/**
 * What these processes have used; those that are gone are left out. Whoever asks in the same moment is served by one call:
 * each looks up the time that the machine is up, whatever the number of processes.
 */
export function usagesOf(pids: readonly number[]): Promise<Usages> {
  return new Promise((answer) => {
    if (asked.push({ pids, answer }) === 1) setImmediate(() => void serve());
  });
}

async function serve(): Promise<void> {
  const served = asked;
  asked = [];
  const pids = [...new Set(served.flatMap((each) => each.pids))];
  const usages = new Map<number, Usage>();
  for (let from = 0; from < pids.length; from += MOST_AT_ONCE) {
    const found = await pidusage(pids.slice(from, from + MOST_AT_ONCE)).catch(() => ({}));
    // One that ended in between has null here, whatever the types say.
    for (const one of Object.values<pidusage.Status | null | undefined>(found))
      if (one) usages.set(one.pid, { cpu: one.ctime, memory: one.memory });
  }
  for (const one of served) one.answer(new Map(one.pids.flatMap((pid) => entryOf(usages, pid))));
}

function entryOf(usages: Usages, pid: number): readonly (readonly [number, Usage])[] {
  const usage = usages.get(pid);
  return usage === undefined ? [] : [[pid, usage]];
}
