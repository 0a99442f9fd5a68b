import type { Incident } from '../core/incident.ts';
import type { Mute } from '../core/mute.ts';
import type { Reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import type { ServiceView, Snapshot } from '../core/snapshot.ts';
import { sayReason } from '../i18n.ts';

/*
 * What the endpoint says of the snapshot: times are epoch ms, texts English and without secrets. Log lines stay inside:
 * they may hold anything.
 */

export function statusView(snapshot: Snapshot) {
  const { host, version, at, startedAt, overall, services, incidents, mutes, telegram } = snapshot;
  const { state, since, waiting, oldestWaiting, lastDelivered } = telegram;
  return {
    ...{ host, version, at, startedAt, overall },
    services: services.map(({ name, title, state, health, since }) => ({ name, title, state, health, since })),
    incidents: incidents.map(incidentView),
    mutes: mutes.map(muteView),
    telegram: { state, since, why: said(telegram.reason), waiting, oldestWaiting, lastDelivered },
  };
}

export function serviceView(view: ServiceView) {
  const { name, title, driver, needs, state, since, wanted, health, healthSince, checks, operation } = view;
  const { pid, startedAt, restarts, foreignRestarts, exitsInWindow, lastExit, retryAt } = view;
  return {
    ...{ name, title, driver, needs, state, since, wanted, why: said(view.reason) },
    ...{ health, healthSince, healthWhy: said(view.healthReason) },
    ...{ pid, startedAt, restarts, foreignRestarts, exitsInWindow, lastExit, retryAt },
    operation:
      operation === null
        ? null
        : { verb: operation.verb, by: operation.by.name, since: operation.since, deadline: operation.deadline },
    checks: checks.map((check) => ({
      ...{ id: check.id, health: check.health, verdict: check.verdict, at: check.at, metrics: check.metrics },
      why: said(check.reason),
    })),
  };
}

export function muteView({ kind, scope, from, until }: Mute) {
  return { kind, scope, from, until };
}

export function incidentView(incident: Incident) {
  const { id, service, kind, level, openedAt, acknowledgedAt, acknowledgedBy } = incident;
  return { id, service, kind, level, openedAt, acknowledgedAt, acknowledgedBy, why: said(incident.reason) };
}

/** A reason as a code and in words. */
export function said(why: Reason | null): { readonly code: string; readonly text: string } | null {
  return why === null ? null : { code: why.code, text: redactSecrets(sayReason('en', why)) };
}
