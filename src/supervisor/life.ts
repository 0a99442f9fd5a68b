import * as z from 'zod';
import { MANAGER_SERVICE } from '../core/incident.ts';
import { type Gap, gapBefore, isDeploy, type LifeMark, startNotice } from '../core/life.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Settings } from '../core/settings.ts';
import type { Ledger } from './ledger.ts';

export interface LifeOptions {
  readonly settings: Settings;
  readonly ledger: Pick<Ledger, 'commit' | 'find'>;
  /** The host's boot id, and when that began (epoch ms). */
  readonly boot: string;
  readonly bootedAt: number;
  readonly clock: () => number;
}

const KEY = 'manager:life';
/** What is open while the manager is away on purpose. */
const AWAY = `${MANAGER_SERVICE}/manager-away`;
/** A sign of life costs a write to the disk; the length of a gap is known to within this (ms). */
const SIGN_EVERY_MS = 15_000;

const markSchema: z.ZodType<LifeMark> = z.object({
  boot: z.string(),
  aliveAt: z.number(),
  ended: z.enum(['stopped', 'poller']).nullable(),
});

/** Keeps the mark by which the next manager knows how this one ended. */
export function createLife({ settings, ledger, boot, bootedAt, clock }: LifeOptions) {
  let signed = 0;
  let begun = false;

  function sign(ended: LifeMark['ended']): void {
    signed = clock();
    settings.set(KEY, JSON.stringify({ boot, aliveAt: signed, ended } satisfies LifeMark));
  }

  /** After a deploy the message that is there says so; after longer there is an answer to it. */
  function endAway(gap: Gap | null): void {
    const resolution = gap !== null && isDeploy(gap) ? 'restarted' : 'recovered';
    const ending = gap?.cause === 'rebooted' ? reason('manager-rebooted') : null;
    ledger.commit(MANAGER_SERVICE, [{ type: 'over', kind: 'manager-away', resolution, ending }]);
  }

  return {
    /** Begins this life; says what is to be told of the end of the last one, beside what that one has said itself. */
    begin(): Reason | null {
      const gap = gapBefore(read(settings.get(KEY)), boot, bootedAt, clock());
      sign(null);
      begun = true;
      if (ledger.find(AWAY) === null) return startNotice(gap);
      endAway(gap);
      return null;
    },
    /** It is stopped on purpose: said in one message, which the next manager brings to its end. */
    leave(why: string): void {
      if (!begun) return;
      const input = { type: 'problem', kind: 'manager-away', level: 'info', attempt: null, lines: [] } as const;
      ledger.commit(MANAGER_SERVICE, [{ ...input, reason: reason('manager-stopped', { why }) }]);
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
