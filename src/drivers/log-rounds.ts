import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceConfig } from '../config/schema.ts';
import type { Logger } from '../logger.ts';
import { rotateLog } from './log-rotation.ts';

export interface LogRoundsOptions {
  readonly services: () => readonly ServiceConfig[];
  /** The process that a service runs as; null: none, or nobody knows. */
  readonly pidOf: (service: string) => number | null;
  readonly dataDir: string;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly log: Logger;
}

/** Services whose output is a file that somebody has to keep small. */
type Logging = Extract<ServiceConfig, { readonly driver: 'process' | 'tmux' }>;

const ROUND_MS = 10_000;
/** What could not be rotated is tried again after this. */
const AGAIN_MS = 600_000;

/** Looks at the logs of all services every now and then, one after the other, and rotates those that are too large. */
export function createLogRounds({ services, pidOf, dataDir, clock, log }: LogRoundsOptions) {
  let next = 0;
  let round: Promise<void> | null = null;
  /** When logs that cannot be rotated are tried again, by their path. */
  const putOff = new Map<string, number>();
  /** Where each logs, worked out once for a configuration. */
  const paths = new WeakMap<Logging, string>();
  /** The processes of which it was said that their log is gone, by service. */
  const removed = new Map<string, number>();

  function tick(): void {
    if (round !== null || clock() < next) return;
    next = clock() + ROUND_MS;
    round = look()
      .catch((err: unknown) => log.error({ err }, 'logs could not be looked at'))
      .finally(() => {
        round = null;
      });
  }

  function pathOf(service: Logging): string {
    const known = paths.get(service);
    if (known !== undefined) return known;
    const path = service.log_file ?? join(dataDir, 'run', service.name, 'output.log');
    paths.set(service, path);
    return path;
  }

  async function look(): Promise<void> {
    for (const service of services()) {
      if (service.driver !== 'process' && service.driver !== 'tmux') continue;
      const { name, log_max_size, log_keep } = service;
      const path = pathOf(service);
      if (log_max_size === null || clock() < (putOff.get(path) ?? 0)) continue;
      putOff.delete(path);
      const size = service.log_file === null ? sizeOf(path) : null;
      if (size !== null && size < log_max_size) continue;
      const rotation = await rotateLog(path, { maxSize: log_max_size, keep: log_keep });
      if (rotation.done === 'nothing') await noteRemoved(name, path);
      if (rotation.done === 'rotated') log.info({ service: name, path, ...rotation }, 'log rotated');
      if (rotation.done === 'dropped')
        log.warn({ service: name, path, ...rotation }, 'the disk is too full to keep it: the oldest of a log is gone');
      if (rotation.done !== 'failed') continue;
      putOff.set(path, clock() + AGAIN_MS);
      log.warn({ service: name, path, ...rotation }, 'a log could not be rotated');
    }
  }

  /** A log that was removed under its service goes on taking room, and no rotation reaches it: that is said once. */
  async function noteRemoved(service: string, path: string): Promise<void> {
    const pid = pidOf(service);
    if (pid === null || removed.get(service) === pid) return;
    const written = await stat(`/proc/${pid}/fd/1`).catch(() => null);
    if (!written?.isFile() || written.nlink > 0) return;
    removed.set(service, pid);
    log.warn(
      { service, path, pid, bytes: written.size },
      'a log was removed while its service writes to it: it takes room on the disk, and is not rotated, until the service is restarted',
    );
  }

  return {
    tick,
    /** Waits for a rotation under way. */
    async stop(): Promise<void> {
      next = Number.POSITIVE_INFINITY;
      await round;
    },
  };
}

/**
 * Asked without the way over the thread pool, which is what a round of hundreds costs. Only where the manager's own data
 * lies: another disk may hang. null: none, or nobody can tell.
 */
function sizeOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? null;
  } catch {
    return null;
  }
}
