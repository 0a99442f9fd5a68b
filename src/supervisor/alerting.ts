import type { Alerting, AlertingResult } from '../core/alerting.ts';
import { MAX_MUTE_MS } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import type { Audit } from '../store/audit.ts';
import type { IncidentTable } from '../store/incidents.ts';
import type { MuteTable } from '../store/mutes.ts';
import type { Ledger } from './ledger.ts';

export interface AlertingOptions {
  readonly ledger: Ledger;
  readonly incidents: IncidentTable;
  readonly mutes: MuteTable;
  readonly audit: Audit;
  readonly serviceExists: (name: string) => boolean;
  /** What the gate held has to be asked again. */
  readonly reconsider: () => void;
  readonly clock: () => number;
}

/** Incidents seen, taken on and silenced by people. */
export function createAlerting(options: AlertingOptions): Alerting {
  const { ledger, incidents, mutes, audit, clock } = options;

  function record(by: Actor, action: string, service: string | null, refused: Reason | null): AlertingResult {
    audit.add(clock(), by, action, service, refused?.code ?? 'ok');
    if (refused === null) options.reconsider();
    return refused === null ? { ok: true } : { ok: false, reason: refused };
  }

  return {
    open: ledger.open,
    get: incidents.get,
    past: (before, limit) => incidents.past(before ?? clock() + 1, limit),
    acknowledge(id, by) {
      const incident = incidents.get(id);
      if (incident === null) return record(by, 'ack', null, reason('unknown-incident', { id: String(id) }));
      const { service, acknowledgedBy } = incident;
      if (ledger.acknowledge(id, by.name)) return record(by, 'ack', service, null);
      const why =
        acknowledgedBy === null ? reason('incident-over') : reason('already-acknowledged', { by: acknowledgedBy });
      return record(by, 'ack', service, why);
    },
    mutes: mutes.active,
    mute(kind, scope, until, by) {
      const now = clock();
      const service = scope.covers === 'service' ? scope.service : null;
      if (service !== null && !options.serviceExists(service))
        return record(by, kind, service, reason('unknown-service', { name: service }));
      if (until <= now) return record(by, kind, service, reason('mute-in-the-past'));
      if (until - now > MAX_MUTE_MS)
        return record(by, kind, service, reason('mute-too-long', { days: MAX_MUTE_MS / 86_400_000 }));
      mutes.add({ kind, scope, from: now, until, by: by.name });
      return record(by, kind, service, null);
    },
    unmute(id, by) {
      const removed = mutes.remove(id);
      const service = removed?.scope.covers === 'service' ? removed.scope.service : null;
      return record(by, 'unmute', service, removed === null ? reason('mute-over') : null);
    },
  };
}
