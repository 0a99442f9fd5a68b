import type { Alerting, AlertingResult } from '../core/alerting.ts';
import type { Incident } from '../core/incident.ts';
import { coveringMute, inScope, MAX_MUTE_MS, type Mute, type Scope, sameScope } from '../core/mute.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import type { Audit } from '../store/audit.ts';
import type { SqlStore } from '../store/database.ts';
import type { IncidentTable } from '../store/incidents.ts';
import type { MuteTable } from '../store/mutes.ts';
import type { Ledger } from './ledger.ts';

export interface AlertingOptions {
  readonly store: SqlStore;
  readonly ledger: Ledger;
  readonly incidents: IncidentTable;
  readonly mutes: MuteTable;
  readonly audit: Audit;
  readonly serviceExists: (name: string) => boolean;
  /** What the gate held has to be asked again. */
  readonly reconsider: () => void;
  readonly clock: () => number;
}

/** What the manager's own clock does to alerts. */
export interface AlertingByClock {
  /** Sees to the mutes that end by themselves. */
  tick(): void;
  /** Begins maintenance that was planned, from and until then (epoch ms). What somebody has set to last longer stays. */
  plan(scopes: readonly Scope[], from: number, until: number, by: Actor): void;
}

/** Incidents seen, taken on and silenced by people. */
export function createAlerting(options: AlertingOptions): Alerting & AlertingByClock {
  const { store, ledger, incidents, mutes, audit, clock } = options;

  function note(by: Actor, action: string, service: string | null, refused: Reason | null): void {
    audit.add(clock(), by, action, service, refused);
  }

  function refuse(by: Actor, action: string, service: string | null, why: Reason): AlertingResult {
    note(by, action, service, why);
    return { ok: false, reason: why };
  }

  function acknowledge(ids: readonly number[], by: Actor): AlertingResult {
    const taken = store.transaction(() => {
      const done = ledger.acknowledge(ids, by.name);
      for (const { service } of done) note(by, 'ack', service, null);
      return done;
    });
    if (taken.length > 0) {
      options.reconsider();
      return { ok: true };
    }
    const id = ids[0] ?? 0;
    const incident = incidents.get(id);
    return refuse(by, 'ack', incident?.service ?? null, whyNotTaken(id, incident));
  }

  function mute(kind: Mute['kind'], scopes: readonly Scope[], until: number, by: Actor): AlertingResult {
    const now = clock();
    const missing = scopes.map(serviceOf).find((name) => name !== null && !options.serviceExists(name)) ?? null;
    if (missing !== null) return refuse(by, kind, missing, reason('unknown-service', { name: missing }));
    const only = scopes.length === 1 && scopes[0] ? serviceOf(scopes[0]) : null;
    if (until <= now) return refuse(by, kind, only, reason('mute-in-the-past'));
    if (until - now > MAX_MUTE_MS)
      return refuse(by, kind, only, reason('mute-too-long', { days: MAX_MUTE_MS / 86_400_000 }));
    begin(kind, scopes, now, until, by);
    return { ok: true };
  }

  function begin(kind: Mute['kind'], scopes: readonly Scope[], from: number, until: number, by: Actor): void {
    store.transaction(() => {
      for (const scope of scopes) {
        for (const old of mutes.active()) if (old.kind === kind && sameScope(old.scope, scope)) mutes.remove(old.id);
        mutes.add({ kind, scope, from, until, by: by.name });
        note(by, kind, serviceOf(scope), null);
      }
      ledger.rehush((incident) => scopes.some((scope) => takesIn(scope, incident)), null);
    });
    options.reconsider();
  }

  function plan(scopes: readonly Scope[], from: number, until: number, by: Actor): void {
    const lastsLonger = (scope: Scope) =>
      mutes.active().some((old) => old.kind === 'maintenance' && sameScope(old.scope, scope) && old.until >= until);
    const wanted = scopes.filter((scope) => {
      const service = serviceOf(scope);
      return (service === null || options.serviceExists(service)) && !lastsLonger(scope);
    });
    if (wanted.length > 0) begin('maintenance', wanted, from, until, by);
  }

  function unmute(which: readonly number[] | Scope, by: Actor): AlertingResult {
    const scope = 'covers' in which ? which : null;
    const ids = 'covers' in which ? [] : which;
    const meant = (each: Mute) => (scope === null ? ids.includes(each.id) : sameScope(each.scope, scope));
    const found = mutes.active().filter(meant);
    if (found.length === 0)
      return refuse(by, 'unmute', scope && serviceOf(scope), reason(scope === null ? 'mute-over' : 'not-muted'));
    store.transaction(() => {
      for (const each of found) {
        mutes.remove(each.id);
        note(by, 'unmute', serviceOf(each.scope), null);
      }
      ledger.rehush((incident) => found.some(({ scope }) => takesIn(scope, incident)), null);
    });
    options.reconsider();
    return { ok: true };
  }

  return {
    open: ledger.open,
    get: incidents.get,
    past: (before, limit, skip) => incidents.past(before ?? clock() + 1, limit, skip),
    affectedBy: ledger.affectedBy,
    acknowledge,
    mutes: mutes.active,
    mute,
    unmute,
    audit: audit.last,
    plan,
    /** Also finds what ended while no manager was there. */
    tick(): void {
      const ended = mutes.ended();
      if (ended.length === 0) return;
      const quietStill = (incident: Incident) =>
        coveringMute(mutes.active(), incident.service, incident.id, clock()) !== null;
      store.transaction(() => {
        for (const { id, scope, until } of ended) {
          mutes.remove(id);
          ledger.rehush((incident) => takesIn(scope, incident) && !quietStill(incident), until);
          ledger.rehush((incident) => takesIn(scope, incident) && quietStill(incident), null);
        }
      });
      options.reconsider();
    },
  };
}

function whyNotTaken(id: number, incident: Incident | null): Reason {
  if (incident === null) return reason('unknown-incident', { id: String(id) });
  if (incident.acknowledgedBy === null || incident.resolvedAt !== null) return reason('incident-over');
  return reason('already-acknowledged', { by: incident.acknowledgedBy });
}

function serviceOf(scope: Scope): string | null {
  return scope.covers === 'service' ? scope.service : null;
}

function takesIn(scope: Scope, incident: Incident): boolean {
  return inScope(scope, incident.service, incident.id);
}
