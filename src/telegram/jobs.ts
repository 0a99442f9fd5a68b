import type { Verb } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';

/** One message in one chat. */
export interface MessageKey {
  readonly chat: number;
  readonly message: number;
}

/** An operation that somebody asked for in the chat and whose end a message waits for. */
export interface Job {
  readonly service: string;
  readonly verb: Verb;
  /** Who asked, as others read it. */
  readonly by: string;
}

export interface Jobs {
  /** The job whose end this message shows; null: none. */
  at(key: MessageKey): Job | null;
  show(key: MessageKey, job: Job): void;
  /** The message shows something else now. `job`: only if it was waiting for this one. */
  leave(key: MessageKey, job?: Job): void;
  /** Work that goes on after its handler has returned. */
  run(work: Promise<void>): void;
  /** Resolves when no such work goes on. */
  idle(): Promise<void>;
}

export function createJobs(log: Logger): Jobs {
  const waiting = new Map<string, Job>();
  const working = new Set<Promise<void>>();
  const id = ({ chat, message }: MessageKey) => `${chat}:${message}`;

  return {
    at: (key) => waiting.get(id(key)) ?? null,
    show: (key, job) => void waiting.set(id(key), job),
    leave(key, job) {
      if (job === undefined || waiting.get(id(key)) === job) waiting.delete(id(key));
    },
    run(work) {
      const done = work
        .catch((error: unknown) => log.error({ err: error }, 'work for the chat failed'))
        .then(() => void working.delete(done));
      working.add(done);
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}
