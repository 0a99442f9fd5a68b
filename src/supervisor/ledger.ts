import type { Logger } from 'pino';
import { FLAP_MEMORY_MS, type FlapRecord, flap, replay, staysAfter, steady } from '../core/flapping.ts';
import {
  acknowledge,
  type Change,
  changeIncident,
  type Incident,
  type IncidentInput,
  type IncidentKind,
  incidentKey,
  levels,
  MANAGER_SERVICE,
  panelOf,
  type Reminders,
  remind,
} from '../core/incident.ts';
import { reason } from '../core/reason.ts';
import type { SqlStore } from '../store/database.ts';
import type { IncidentTable } from '../store/incidents.ts';

export interface LedgerOptions {
  readonly store: SqlStore;
  readonly table: IncidentTable;
  /** Gives up what was put aside for a full disk; false: there is nothing. */
  readonly makeRoom?: () => boolean;
  /** Puts what is to be told into the outbox; called inside the transaction. */
  readonly announce: (change: Change) => void;
  /** Something was put into the outbox. */
  readonly announced: () => void;
  /** The services that a service needs, directly. */
  readonly needs: (service: string) => readonly string[];
  readonly rules: () => Reminders;
  readonly clock: () => number;
  readonly log: Logger;
}

/** A cause still explains its effects for so long (ms) after its end: they need a moment to come back. */
const CAUSE_LINGERS_MS = 15_000;
/** So much waits for a disk that has room again; the oldest go first. */
const MOST_UNWRITTEN = 500;

/** The open incidents: what an input does to them is decided in the core, written here in one transaction, and told. */
export function createLedger(options: LedgerOptions) {
  const { store, table, needs, rules, clock, log } = options;
  const open = new Map<string, Incident>(table.open().map((incident) => [incident.key, incident]));
  const flaps = new Map<string, FlapRecord>(flapsOf(table.since(clock() - FLAP_MEMORY_MS), clock()));
  /** Of each service that flaps the first incident that got critical meanwhile: it is told at once. */
  const firstCritical = new Map<string, number>();
  const endedAt = new Map<string, number>();
  /** What the store had no room for, in order. */
  let unwritten: readonly Change[] = [];
  /** Of each service what is to be written beside, until it is: an operator's stop must not be forgotten for a full disk. */
  const unsaved = new Map<string, () => void>();
  /** What the present write together holds of that so far. */
  const groupedSaves = new Map<string, () => void>();
  let lastId = table.lastId();
  let together = false;
  /** What the present write together holds so far. */
  const grouped: Change[] = [];
  let toTell = false;

  /**
   * Takes in what concerns one service's incidents. `alongside` is written in the same transaction, and written also
   * when nothing changes.
   */
  function commit(service: string, inputs: readonly IncidentInput[], alongside?: () => void): void {
    const now = clock();
    const decide = () => {
      const changes: Change[] = [];
      for (const input of inputs) {
        const key = incidentKey(service, input);
        const at = changes.findLastIndex(({ incident }) => incident.key === key);
        const before = changes[at];
        const known = before === undefined ? (open.get(key) ?? null) : stillOpen(before.incident);
        const change = changeIncident(known, service, input, () => ++lastId, now);
        if (change === null) continue;
        // What is said of one incident in one breath is one change of it.
        if (before !== undefined && change.change !== 'resolved' && change.change !== 'opened')
          changes[at] = { ...change, change: before.change === 'updated' ? change.change : before.change };
        else changes.push(change);
      }
      return [...changes, ...flapped(service, changes, now)];
    };
    if (alongside !== undefined) unsaved.set(service, alongside);
    write(decide());
  }

  /** What is said again of flapping says how much of it there was by now. */
  function recounted(change: Change): Change {
    const { incident } = change;
    if (incident.kind !== 'flapping') return change;
    const changes = flaps.get(incident.service)?.total ?? 0;
    return { ...change, incident: { ...incident, reason: reason('flapping-on', { changes }) } };
  }

  /** Openings and endings that come too often are a problem of their own. */
  function flapped(service: string, changes: readonly Change[], now: number): readonly Change[] {
    let record = flaps.get(service) ?? steady;
    const moved = changes.filter(({ change, incident }) => isTurn(change, incident));
    let begins = false;
    for (const _ of moved) {
      const step = flap(record, true, now);
      record = step.record;
      begins ||= step.flapping === 'begins';
    }
    if (moved.length > 0) flaps.set(service, record);
    if (record.since !== null && !firstCritical.has(service)) {
      const critical = changes.find(({ incident }) => incident.level === 'critical' && incident.resolvedAt === null);
      if (critical !== undefined) firstCritical.set(service, critical.incident.id);
    }
    if (!begins) return [];
    const minutes = Math.max(1, Math.ceil((now - (record.changes.at(-record.total) ?? now)) / 60_000));
    const why = reason('flapping', { changes: record.total, minutes });
    const input: IncidentInput = {
      ...{ type: 'problem', kind: 'flapping', level: 'warning', attempt: null, lines: [] },
      reason: why,
    };
    const change = changeIncident(open.get(`${service}/flapping`) ?? null, service, input, () => ++lastId, now);
    return change === null ? [] : [change];
  }

  function write(changes: readonly Change[]): void {
    const all = [...unwritten, ...changes];
    try {
      store.transaction(() => {
        for (const save of unsaved.values()) save();
        for (const change of all) {
          table.save(change.incident);
          options.announce(change);
          const cause = change.change === 'updated' ? null : causeOf(change.incident.service);
          // Its message lists what it affects.
          if (cause !== null && cause.resolvedAt === null) options.announce({ change: 'updated', incident: cause });
        }
      });
      unwritten = [];
      if (together) grouped.push(...all);
      if (together) for (const [service, save] of unsaved) groupedSaves.set(service, save);
      unsaved.clear();
    } catch (error) {
      // A full disk must not stop supervision: memory goes on, and what was to be told is tried again.
      log.error({ err: error }, 'the store could not be written');
      unwritten = all.slice(-MOST_UNWRITTEN);
    }
    for (const { change, incident } of changes) {
      if (incident.resolvedAt === null) open.set(incident.key, incident);
      else {
        open.delete(incident.key);
        endedAt.set(incident.service, incident.resolvedAt);
      }
      log.info({ incident: incident.id, key: incident.key, severity: incident.level, reason: incident.reason }, change);
    }
    if (together) {
      toTell ||= all.length > 0;
      return;
    }
    if (all.length > 0) options.announced();
    tryOnceMore();
  }

  /** What has failed for want of room, where there is some put aside: it must not wait for a disk that stays full. */
  function tryOnceMore(): void {
    if ((unwritten.length > 0 || unsaved.size > 0) && options.makeRoom?.() === true) write([]);
  }

  /** Runs `commits` as one write to the disk. Each stands for itself: one that fails takes no other along. */
  function commitTogether(commits: () => void): void {
    together = true;
    try {
      store.transaction(commits);
    } catch (error) {
      log.error({ err: error }, 'the store could not be written');
      unwritten = [...grouped, ...unwritten].slice(-MOST_UNWRITTEN);
      for (const [service, save] of groupedSaves) if (!unsaved.has(service)) unsaved.set(service, save);
    } finally {
      together = false;
      grouped.length = 0;
      groupedSaves.clear();
    }
    if (toTell) options.announced();
    toTell = false;
    tryOnceMore();
  }

  /** The open (or just ended) problem of something this service needs, nearest first; null: it stands for itself. */
  function causeOf(service: string): Incident | null {
    const seen = new Set([service]);
    let level = needs(service);
    while (level.length > 0) {
      for (const name of level) {
        const found = open.get(`${name}/down`) ?? open.get(`${name}/unhealthy`);
        if (found) return found;
      }
      for (const name of level) seen.add(name);
      level = level.flatMap(needs).filter((name) => !seen.has(name));
    }
    return null;
  }

  function lingers(service: string): boolean {
    const seen = new Set([service]);
    let level = needs(service);
    while (level.length > 0) {
      if (level.some((name) => clock() - (endedAt.get(name) ?? 0) < CAUSE_LINGERS_MS)) return true;
      for (const name of level) seen.add(name);
      level = level.flatMap(needs).filter((name) => !seen.has(name));
    }
    return false;
  }

  return {
    commit,
    commitTogether,
    /** Whether the next manager would know how a service stands; not while the disk is full. */
    isWritten: (service: string): boolean => !unsaved.has(service),
    /** Reminders, hand-ons, and the end of flapping. */
    tick(): void {
      const now = clock();
      if (unwritten.length > 0 || unsaved.size > 0) write([]);
      const due = [...open.values()].flatMap((incident) => remind(incident, rules(), now) ?? []);
      if (due.length > 0) write(due.map(recounted));
      for (const [service, record] of flaps) {
        const step = flap(record, false, now);
        if (step.record.since === null && step.record.changes.length === 0) flaps.delete(service);
        else flaps.set(service, step.record);
        if (step.flapping !== 'ends') continue;
        firstCritical.delete(service);
        commit(service, [{ type: 'over', kind: 'flapping', resolution: 'recovered' }]);
      }
    },
    /** The open incident with this key (see {@link incidentKey}). */
    find: (key: string): Incident | null => open.get(key) ?? null,
    /** Worst first, then oldest first. */
    open: (): readonly Incident[] =>
      [...open.values()].sort((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level) || a.openedAt - b.openedAt),
    /** Whether this service's problem is told inside another's. */
    isCaused: (service: string): boolean => causeOf(service) !== null || lingers(service),
    causeOf,
    /**
     * Whether it is one of the ups and downs of a service that flaps, which are told together: not what stays as it is,
     * nor the first that got critical.
     */
    isFlap(incident: Incident): boolean {
      const { service, kind, id, openedAt, resolvedAt } = incident;
      const record = flaps.get(service) ?? steady;
      if (record.since === null || kind === 'flapping' || firstCritical.get(service) === id) return false;
      return (resolvedAt ?? clock()) - openedAt < staysAfter(record);
    },
    /** Services whose open incidents this one explains. */
    affectedBy: (incident: Incident): readonly string[] => [
      ...new Set(
        [...open.values()]
          .filter((other) => other.service !== incident.service && causeOf(other.service)?.id === incident.id)
          .map((other) => other.service),
      ),
    ],
    /** Returns those that were open and that nobody had taken on before. */
    acknowledge(ids: readonly number[], by: string): readonly Incident[] {
      const wanted = [...open.values()].filter(({ id }) => ids.includes(id));
      const changes = wanted.flatMap((incident) => acknowledge(incident, by, clock()) ?? []);
      if (changes.length > 0) write(changes);
      return changes.map(({ incident }) => incident);
    },
    /**
     * What keeps these quiet has changed: the messages about them show it. `endedAt`: it ended by itself then, so what
     * nobody has taken on and what was not said since is said again; null: somebody did it, and knows.
     */
    rehush(concerned: (incident: Incident) => boolean, endedAt: number | null): void {
      const changes = [...open.values()].filter(concerned).map((incident): Change => {
        const again = endedAt !== null && incident.acknowledgedAt === null && incident.saidAt < endedAt;
        if (!again || incident.level === 'info') return { change: 'updated', incident };
        return { change: 'repeat', incident: { ...incident, saidAt: endedAt } };
      });
      if (changes.length > 0) write(changes);
    },
    /** Its service is not in the configuration any more: nobody will ever say that it is over. */
    endWithoutService(exists: (service: string) => boolean): void {
      // Panels come and go with the shop's table; who reads that ends theirs.
      const isService = (name: string) => name !== MANAGER_SERVICE && panelOf(name) === null;
      const gone = [...open.values()].filter(({ service }) => isService(service) && !exists(service));
      const now = clock();
      const changes = gone.map(
        (incident): Change => ({
          change: 'resolved',
          incident: { ...incident, resolvedAt: now, resolution: 'removed' },
        }),
      );
      if (changes.length > 0) write(changes);
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;

/** What makes a service flap is its own life and health; a panel's nodes and single numbers have their own patience. */
const turning: ReadonlySet<IncidentKind> = new Set(['down', 'unhealthy', 'telegram-away']);

function stillOpen(incident: Incident): Incident | null {
  return incident.resolvedAt === null ? incident : null;
}

function isTurn(change: Change['change'], incident: Incident): boolean {
  if (!flips(incident)) return false;
  return change === 'opened' || (change === 'resolved' && incident.resolution === 'recovered');
}

/** Whether its coming and going counts. */
function flips({ kind }: Incident): boolean {
  return turning.has(kind);
}

/** What the last manager knew of flapping, from the incidents that it left. */
function flapsOf(incidents: readonly Incident[], now: number): readonly (readonly [string, FlapRecord])[] {
  return [...new Set(incidents.map(({ service }) => service))].map((service) => {
    const own = incidents.filter((each) => each.service === service);
    const turns = own.filter(flips).flatMap(({ openedAt, resolvedAt, resolution }) => {
      return resolvedAt !== null && resolution === 'recovered' ? [openedAt, resolvedAt] : [openedAt];
    });
    const told = own.find(({ kind, resolvedAt }) => kind === 'flapping' && resolvedAt === null);
    const recent = turns.filter((at) => now - at < FLAP_MEMORY_MS).toSorted((a, b) => a - b);
    return [service, replay(recent, told?.openedAt ?? null, now)] as const;
  });
}
