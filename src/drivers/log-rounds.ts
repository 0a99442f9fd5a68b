import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceConfig } from '../config/schema.ts';
import type { Logger } from '../logger.ts';
import { rotateLog } from './log-rotation.ts';

export interface LogRoundsOptions {
  readonly services: () => readonly ServiceConfig[];
  readonly dataDir: string;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly log: Logger;
}

const ROUND_MS = 10_000;
/** What could not be rotated is tried again after this. */
const AGAIN_MS = 600_000;

/** Looks at the logs of all services every now and then, one after the other, and rotates those that are too large. */
export function createLogRounds({ services, dataDir, clock, log }: LogRoundsOptions) {
  let next = 0;
  let round: Promise<void> | null = null;
  /** When logs that cannot be rotated are tried again, by their path. */
  const putOff = new Map<string, number>();

  function tick(): void {
    if (round !== null || clock() < next) return;
    next = clock() + ROUND_MS;
    round = look()
      .catch((err: unknown) => log.error({ err }, 'logs could not be looked at'))
      .finally(() => {
        round = null;
      });
  }

  async function look(): Promise<void> {
    for (const service of services()) {
      if (service.driver !== 'process' && service.driver !== 'tmux') continue;
      const { name, log_max_size, log_keep } = service;
      const path = service.log_file ?? join(dataDir, 'run', name, 'output.log');
      if (log_max_size === null || clock() < (putOff.get(path) ?? 0)) continue;
      putOff.delete(path);
      if (service.log_file === null && isSmall(path, log_max_size)) continue;
      const rotation = await rotateLog(path, { maxSize: log_max_size, keep: log_keep });
      if (rotation.done === 'rotated') log.info({ service: name, path, ...rotation }, 'log rotated');
      if (rotation.done === 'dropped')
        log.warn({ service: name, path, ...rotation }, 'the disk is too full to keep it: the oldest of a log is gone');
      if (rotation.done !== 'failed') continue;
      putOff.set(path, clock() + AGAIN_MS);
      log.warn({ service: name, path, ...rotation }, 'a log could not be rotated');
    }
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
 * Whether there is nothing to do, asked without the way over the thread pool, which is what a round of hundreds costs. Only
 * where the manager's own data lies: another disk may hang.
 */
function isSmall(path: string, maxSize: number): boolean {
  try {
    return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) < maxSize;
  } catch {
    return false;
  }
}
