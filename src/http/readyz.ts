import type { Readiness } from '../core/readiness.ts';
import type { Reply } from './server.ts';

/** Whether the manager does its work and its alerts get out; says nothing that a stranger may not know. */
export function readyz({ ready, reasons, oldestWaiting, dropped, dead }: Readiness): Reply {
  const said = {
    status: ready ? 'ready' : 'not ready',
    oldest_waiting_s: oldestWaiting === null ? null : Math.round(oldestWaiting / 1000),
    dropped,
    dead_letters: dead,
  };
  return ready ? { status: 200, body: said } : { status: 503, body: { ...said, reason: reasons.join('; ') } };
}
