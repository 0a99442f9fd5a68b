import { MANAGER_SERVICE } from '../core/incident.ts';
import type { Samples } from '../store/samples.ts';
import type { Ledger } from './ledger.ts';

/** That nothing is kept of what is measured is said once, and when it is over; alerts do not depend on it. */
export function createHistoryWatch(samples: Pick<Samples, 'trouble'>, ledger: Pick<Ledger, 'commit' | 'find'>) {
  return {
    tick(): void {
      const why = samples.trouble();
      const isOpen = ledger.find(`${MANAGER_SERVICE}/history-paused`) !== null;
      if ((why !== null) === isOpen) return;
      const kind = 'history-paused';
      ledger.commit(MANAGER_SERVICE, [
        why === null
          ? { type: 'over', kind, resolution: 'recovered' }
          : { type: 'problem', kind, level: 'warning', reason: why, attempt: null, lines: [] },
      ]);
    },
  };
}
