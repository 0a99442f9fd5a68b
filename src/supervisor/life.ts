import { z } from 'zod';
import { type LifeMark, startNotice } from '../core/life.ts';
import type { Reason } from '../core/reason.ts';
import type { Settings } from '../core/settings.ts';

export interface LifeOptions {
  readonly settings: Settings;
  /** The host's boot id. */
  readonly boot: string;
  readonly clock: () => number;
}

const KEY = 'manager:life';
/** A sign of life costs a write to the disk; the length of a gap is known to within this (ms). */
const SIGN_EVERY_MS = 15_000;

const markSchema: z.ZodType<LifeMark> = z.object({
  boot: z.string(),
  aliveAt: z.number(),
  ended: z.enum(['stopped', 'poller']).nullable(),
});

/** Keeps the mark by which the next manager knows how this one ended. */
export function createLife({ settings, boot, clock }: LifeOptions) {
  let signed = 0;
  let begun = false;

  function sign(ended: LifeMark['ended']): void {
    signed = clock();
    settings.set(KEY, JSON.stringify({ boot, aliveAt: signed, ended } satisfies LifeMark));
  }

  return {
    /** Begins this life; says what is to be told of the end of the last one. */
    begin(): Reason | null {
      const notice = startNotice(read(settings.get(KEY)), boot, clock());
      sign(null);
      begun = true;
      return notice;
    },
    tick(): void {
      if (clock() - signed >= SIGN_EVERY_MS) sign(null);
    },
    /** One that never began (the data folder is another manager's) leaves no mark. */
    end(how: 'stopped' | 'poller'): void {
      if (begun) sign(how);
    },
  };
}

/** A mark that cannot be read is none: the worst it costs is a notice. */
function read(text: string | null): LifeMark | null {
  if (text === null) return null;
  try {
    return markSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
