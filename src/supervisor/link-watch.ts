import { MANAGER_SERVICE } from '../core/incident.ts';
import { isSurelyDown, type Link } from '../core/link.ts';
import { reason } from '../core/reason.ts';
import type { Ledger } from './ledger.ts';

export interface LinkWatchOptions {
  readonly link: Link;
  readonly ledger: Pick<Ledger, 'commit' | 'find'>;
  /** Addresses of the anchors, for the text; none: there is nothing to watch. */
  readonly anchors: readonly string[];
  /** Whether anything beyond this host is asked at all. */
  readonly needed: () => boolean;
  readonly clock: () => number;
}

const KEY = `${MANAGER_SERVICE}/link-down`;
/** That an anchor answers has to be seen now and then, or its silence would prove nothing. */
const LOOK_EVERY_MS = 10 * 60_000;
/** While none answers; its return is to be seen soon. */
const LOOK_AGAIN_MS = 5000;

/** One incident for all that cannot be asked because this host itself has no network; gone when an anchor answers. */
export function createLinkWatch(options: LinkWatchOptions) {
  const { link, ledger, anchors, clock } = options;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const problem = { kind: 'link-down', level: 'error', attempt: null, lines: [] } as const;
  const isOpen = () => ledger.find(KEY) !== null;

  function end(resolution: 'recovered' | 'removed'): void {
    ledger.commit(MANAGER_SERVICE, [{ type: 'over', kind: 'link-down', resolution }]);
  }

  return {
    tick(): void {
      // Nothing is open, and the last round was answered: there is nothing to see until the next.
      if (!isOpen() && link.view().silent === 0 && clock() - lookedAt < LOOK_EVERY_MS) return;
      if (anchors.length === 0 || !options.needed()) {
        if (isOpen()) end('removed');
        return;
      }
      const { silent } = link.view();
      const every = silent > 0 || isOpen() ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
      if (clock() - lookedAt >= every) {
        lookedAt = clock();
        void link.isDown();
      }
      const record = link.view();
      const incident = ledger.find(KEY);
      if (isSurelyDown(record) && incident === null) {
        const why = reason('link-down', { anchors: anchors.join(', ') });
        ledger.commit(MANAGER_SERVICE, [{ type: 'problem', reason: why, ...problem }]);
      }
      // What an earlier manager remembers of an answer is older than the incident.
      if (incident !== null && record.silent === 0 && (record.answeredAt ?? 0) > incident.openedAt) end('recovered');
    },
  };
}
