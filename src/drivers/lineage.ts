import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { bootId, isAlive, type ProcessEntry, type ProcessId, type ProcessTable, readChildren } from './proctree.ts';
import { readFresh } from './pulse.ts';

/** What a keeper can say that spares the reading of all processes. */
export interface Overseer {
  /** Nobody below it can slip away from it. */
  gathers(): boolean;
  /** false only where it is certain that nobody below it lives. */
  mayHaveLeftovers(): boolean;
  /** Whether this child of its own is there on our behalf too. */
  isStandby(pid: number): boolean;
}

/** More processes than this are left to the readings of all of them. */
const maxGlanced = 100;

/** A session's number can be given out again once it is empty, but not within seconds: pids go round first. */
const sessionTrustMs = 5000;

/**
 * Remembers which processes belong to one service, also those that its death or a `setsid` cut off: whoever was once
 * seen below it belongs to it for good, and so does every session that such a one is in, since sessions are only ever
 * left by founding a new one. Kept in a file too, so that a manager that comes later still knows them.
 */
export class Lineage {
  private readonly file: string;
  private readonly overseer: () => Overseer | null;
  private members = new Map<number, ProcessId>();
  private service: ProcessId | null = null;
  /** Stands above the service on our behalf, has the same session, and is never counted in. */
  private keeper: ProcessId | null = null;
  private shared: number | null = null;
  /** Where members were at the last look. */
  private sessions: ReadonlySet<number> = new Set();
  private lookedAt = 0;
  private written = '';
  private writing = false;

  /** `overseer`: who stands above the service at the moment, if anybody does. */
  constructor(file: string, overseer: () => Overseer | null = () => null) {
    this.file = file;
    this.overseer = overseer;
  }

  /** Takes up what an earlier manager wrote down in this boot. */
  load(): void {
    try {
      this.written = readFileSync(this.file, 'utf8');
    } catch {
      return;
    }
    const [boot, ...lines] = this.written.split('\n');
    if (boot !== bootId()) return;
    for (const line of lines) {
      const [pid, startTicks] = line.split(' ').map(Number);
      if (pid && startTicks && isAlive({ pid, startTicks })) this.members.set(pid, { pid, startTicks });
    }
  }

  /**
   * A new life begins, or one is taken over. `keeper` null: there is none (any more). `shared`: a session in which
   * the service is a guest of others, who do not belong to it.
   */
  follow(service: ProcessId, keeper: ProcessId | null, shared: number | null = null): void {
    this.service = service;
    this.keeper = keeper;
    this.shared = shared;
    this.members.set(service.pid, service);
  }

  /** false only where it is certain that no member lives now; costs next to nothing where a keeper gathers them. */
  mayLive(): boolean {
    return this.overseer()?.mayHaveLeftovers() !== false || [...this.members.values()].some(isAlive);
  }

  /** The members that live now. */
  async living(): Promise<ProcessEntry[]> {
    return this.mayLive() ? this.update(await readFresh()) : [];
  }

  /** Gets to know those whom the service's death would cut off, where nobody gathers them. */
  async lookBeforeDeath(): Promise<void> {
    if (!this.overseer()?.gathers()) this.update(await readFresh());
  }

  /**
   * Gets to know whoever is below the service at this moment, for a fraction of what a reading of all processes costs:
   * what founds a session of its own is lost with its parent, where nobody gathers it.
   */
  glance(): void {
    const queue = this.service === null ? [] : readChildren(this.service.pid);
    // Grows while it is walked; a fork bomb must not become ours.
    for (const entry of queue) {
      this.members.set(entry.pid, { pid: entry.pid, startTicks: entry.startTicks });
      if (queue.length < maxGlanced) queue.push(...readChildren(entry.pid, entry.threads));
    }
  }

  /** Learns from a reading of the processes; returns the members that live. */
  update(table: ProcessTable): ProcessEntry[] {
    const tree = new Map<number, ProcessEntry>();
    const sessions = new Set<number>();
    const queue: ProcessEntry[] = [];
    const enter = (session: number) => {
      if (session === this.shared || sessions.has(session)) return;
      sessions.add(session);
      queue.push(...table.inSession(session));
    };
    for (const root of [...this.members.values(), this.keeper]) {
      const entry = root && table.find(root);
      if (entry) queue.push(entry);
    }
    // All who were known may be gone, and what they forked in the same moment be there.
    if (performance.now() - this.lookedAt < sessionTrustMs) for (const session of this.sessions) enter(session);
    for (let entry = queue.pop(); entry; entry = queue.pop()) {
      if (tree.has(entry.pid)) continue;
      tree.set(entry.pid, entry);
      queue.push(...table.childrenOf(entry.pid));
      enter(entry.session);
    }
    if (this.keeper) tree.delete(this.keeper.pid);
    const living = [...tree.values()].filter(
      (entry) => entry.state !== 'Z' && entry.state !== 'X' && !this.isStandby(entry),
    );
    // Who forks comes before what it forked: killed in this order, it forks no more.
    living.sort((a, b) => a.startTicks - b.startTicks);
    this.sessions = sessions;
    this.lookedAt = performance.now();
    this.remember(living);
    return living;
  }

  /** Only a child of the keeper's can be one, and none is while the service runs: so nearly nobody is asked about. */
  private isStandby(entry: ProcessEntry): boolean {
    if (entry.ppid !== this.keeper?.pid || entry.pid === this.service?.pid) return false;
    return this.overseer()?.isStandby(entry.pid) === true;
  }

  /** Nothing lives any more. */
  clear(): void {
    this.members.clear();
    this.sessions = new Set();
    this.service = null;
    if (this.written === '') return;
    this.written = '';
    rm(this.file, { force: true }).catch(() => {});
  }

  /** Writes down who has been there for two looks: what comes and goes within one is not worth a write. */
  private remember(living: readonly ProcessEntry[]): void {
    const lasting = living.filter(
      (entry) => this.members.get(entry.pid)?.startTicks === entry.startTicks && entry.pid !== this.service?.pid,
    );
    this.members = new Map(living.map((entry) => [entry.pid, { pid: entry.pid, startTicks: entry.startTicks }]));
    const lines = lasting.map((entry) => `${entry.pid} ${entry.startTicks}`);
    const text = lines.length === 0 ? '' : [bootId(), ...lines, ''].join('\n');
    if (text === this.written || this.writing) return;
    this.written = text;
    this.writing = true;
    // A full disk costs this memory, not the supervision.
    (text === '' ? rm(this.file, { force: true }) : writeFile(this.file, text, { mode: 0o600 }))
      .catch(() => {})
      .finally(() => {
        this.writing = false;
      });
  }
}
