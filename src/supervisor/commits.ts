import type { Logger } from 'pino';
import type { IncidentInput } from '../core/incident.ts';
import type { ServiceTable } from '../store/services.ts';
import { inTime } from './deadline.ts';
import type { Ledger } from './ledger.ts';
import type { Managed } from './managed.ts';

export interface CommitsOptions {
  readonly serviceTable: Pick<ServiceTable, 'save'>;
  readonly ledger: Pick<Ledger, 'commit' | 'commitTogether'>;
  readonly log: Logger;
}

/** Lines of a service's log that go into an incident. */
const LINES_IN_INCIDENT = 5;
/** A log that cannot be read this fast is left out rather than hold the alert. */
const LINES_DEADLINE_MS = 500;
/** After a write for several services the disk is left alone for so many times as long as that took… */
const PAUSE = 4;
/** …but no longer than this, ms: an alert may be waiting. */
const LONGEST_PAUSE_MS = 50;

/**
 * What was seen of services on its way to the disk, within milliseconds and for each service in order. Record, incidents
 * and what is to be told of them: all of it, or none.
 */
export function createCommits({ serviceTable, ledger, log }: CommitsOptions) {
  /** What is to be written next. */
  let waiting: (() => void)[] = [];
  /** Monotonic ms of the earliest moment for that. */
  let writeAt = 0;

  async function lastLines(service: Managed): Promise<readonly string[]> {
    const lines = service.driver.logs(LINES_IN_INCIDENT).catch((error: unknown) => {
      log.warn({ err: error, service: service.record.name }, 'its log could not be read');
      return [];
    });
    const read = await inTime(lines, LINES_DEADLINE_MS);
    return read === 'late' ? [] : read;
  }

  /**
   * What many services have to write in the same moment (all start, all stop) waits for the disk once: all of one turn
   * of the event loop, and while there is much to write all that comes before the disk is asked again.
   */
  function commit(service: Managed, inputs: readonly IncidentInput[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) writeSoon();
      waiting.push(() => {
        try {
          ledger.commit(service.record.name, inputs, () => serviceTable.save(service.record));
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  function writeSoon(): void {
    const pause = writeAt - performance.now();
    if (pause > 0) setTimeout(writeAll, pause);
    else setImmediate(writeAll);
  }

  function writeAll(): void {
    if (waiting.length === 0) return;
    const all = waiting;
    waiting = [];
    const began = performance.now();
    ledger.commitTogether(() => {
      for (const write of all) write();
    });
    const ended = performance.now();
    if (all.length > 1) writeAt = ended + Math.min(LONGEST_PAUSE_MS, PAUSE * (ended - began));
  }

  return {
    /** Writes the record as it will be by then, and what these do to incidents. */
    add(service: Managed, inputs: readonly IncidentInput[]): void {
      service.commits = service.commits.then(() => commit(service, inputs));
    },
    /** The same, for incidents that show the last lines of the service's log. */
    addWithLines(service: Managed, inputsOf: (lines: readonly string[]) => readonly IncidentInput[]): void {
      service.commits = service.commits.then(async () => commit(service, inputsOf(await lastLines(service))));
    },
    /** Waits until all that was seen of these is written. */
    async settle(services: Iterable<Managed>): Promise<void> {
      const written = Promise.all([...services].map((service) => service.commits));
      writeAll();
      await written;
    },
  };
}

export type Commits = ReturnType<typeof createCommits>;
