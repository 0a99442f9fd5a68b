import { type Incident, namedAs, panelOf } from '../../core/incident.ts';
import type { Mute } from '../../core/mute.ts';
import { may, type Role } from '../../core/role.ts';
import { numberOf } from '../../core/rule.ts';
import { type Language, t } from '../../i18n.ts';
import type { Button } from '../../outbox/transport.ts';
import { type CallbackData, encode } from '../callback-data.ts';
import { handleOf } from '../panel-handle.ts';
import { shorten } from '../say.ts';
import type { IncidentNotice } from '../telegram.ts';
import { codeOf } from './chart.ts';

type Rows = readonly (readonly Button[])[];

/** What can be done about one incident. The press decides what makes sense then; the label what is likely now. */
export function incidentButtons(language: Language, notice: IncidentNotice, role: Role): Rows {
  const { incident } = notice;
  // Nobody is there to hear a press.
  if (incident.kind === 'manager-away') return [];
  const label = labels(language);
  const look = looks(language, notice);
  const rows = [...(look.length > 0 ? [look] : [])];
  if (incident.resolvedAt !== null || !may(role, 'act')) return rows;
  const take =
    incident.acknowledgedAt === null ? [label('button-acknowledge', { kind: 'ack', incident: incident.id })] : [];
  const first = [...take, ...repairs(language, notice)];
  return [...(first.length > 0 ? [first] : []), ...rows, muteRow(language, notice)];
}

/** What is no service (the manager itself) or not configured any more has no log and no chart. */
function looks(language: Language, { incident, service }: IncidentNotice): readonly Button[] {
  const label = labels(language);
  const panel = panelOf(incident.service);
  if (panel !== null) return [label('button-panel', { kind: 'show-panel', panel: handleOf(panel) })];
  if (service === null) return [];
  return [label('button-logs', { kind: 'logs', service: incident.service }), label('button-chart', chartOf(incident))];
}

/** What a rule is about is drawn itself; else the usual numbers. */
function chartOf(incident: Incident): CallbackData {
  const { service } = incident;
  const number = numberOf(incident);
  if (number === null) return { kind: 'chart', service };
  return { kind: 'draw', which: codeOf(`${number.check}/${number.metric}`), service };
}

/** A service that is only watched, or not configured any more, can only be looked at. */
function repairs(language: Language, { incident, service }: IncidentNotice): readonly Button[] {
  const panel = panelOf(incident.service);
  if (panel !== null && incident.subject?.remedy === 'restart-panel')
    return [labels(language)('button-restart-panel', { kind: 'panel-fix', panel: handleOf(panel) })];
  if (service === null || service.driver === 'external') return [];
  const again = namedAs(incident) === 'gave-up';
  const data = { kind: 'act', verb: again ? 'start' : 'restart', service: incident.service } as const;
  return [labels(language)(again ? 'button-start-again' : 'button-restart', data)];
}

function muteRow(language: Language, { incident, mute }: IncidentNotice): readonly Button[] {
  const label = labels(language);
  if (mute !== null) return [label(endLabel(mute), { kind: 'unmute', mute: mute.id, incident: incident.id })];
  return (['half-hour', 'two-hours', 'morning'] as const).map((length) =>
    label(`button-mute-${length}`, { kind: 'mute', length, incident: incident.id }),
  );
}

/** What the button that ends it is called, where it is clear what it covers. */
export function endLabel({ kind, scope }: Mute): string {
  if (kind === 'maintenance') return 'button-end-maintenance';
  return scope.covers === 'all' ? 'button-unmute-everything' : 'button-unmute';
}

/** The same where it stands among others. */
export function endText(language: Language, mute: Mute, titleOf: (service: string) => string): string {
  const label = t(language, endLabel(mute));
  if (mute.scope.covers === 'all') return label;
  const what = mute.scope.covers === 'service' ? shorten(titleOf(mute.scope.service), 30) : `#${mute.scope.incident}`;
  return `${label}: ${what}`;
}

/** What can be done about several incidents at once. */
export function groupButtons(language: Language, notices: readonly IncidentNotice[], role: Role): Rows {
  const open = notices.filter(({ incident }) => incident.resolvedAt === null);
  if (open.length === 0) return [];
  const label = labels(language);
  const list = [label('button-show-alerts', { kind: 'show-alerts' })];
  if (!may(role, 'act')) return [list];
  const untaken = open.some(({ incident }) => incident.acknowledgedAt === null);
  const hush = open.every(({ mute }) => mute !== null)
    ? label('button-unmute-all', { kind: 'unmute-all' })
    : label('button-mute-all', { kind: 'mute-all', length: 'half-hour' });
  return [...(untaken ? [[label('button-acknowledge-all', { kind: 'ack-all' })]] : []), [hush], list];
}

function labels(language: Language) {
  return (key: string, data: CallbackData): Button => ({ text: t(language, key), data: encode(data) });
}
