import type { Alerting } from '../core/alerting.ts';
import { conditionOf } from '../core/condition.ts';
import type { Incident } from '../core/incident.ts';
import { coveringMute } from '../core/mute.ts';
import type { Control } from '../core/snapshot.ts';
import type { IncidentNotice } from './telegram.ts';

/** What a notice is made of beside the incident. */
export interface Surroundings {
  readonly control: Pick<Control, 'snapshot'>;
  readonly alerting: Pick<Alerting, 'affectedBy'>;
  readonly clock: () => number;
}

/** How a service stands says nothing any more about what ended longer ago (ms). */
const FRESH_MS = 3600_000;

/** Everything that is said about some incidents as they stand now; `late` is for the delivery to know. */
export function noticesOf(
  { control, alerting, clock }: Surroundings,
  incidents: readonly Incident[],
  late: Pick<IncidentNotice, 'delayedBy' | 'repeat'> = { delayedBy: null, repeat: false },
): readonly IncidentNotice[] {
  const now = clock();
  const { services, mutes } = control.snapshot();
  const find = (name: string) => services.find((each) => each.name === name) ?? null;
  const down = services.filter((each) => conditionOf(each) === 'unhealthy').length;
  return incidents.map((incident) => {
    const { resolvedAt } = incident;
    const service = find(incident.service);
    const settled = incident.kind === 'flapping' && resolvedAt !== null && now - resolvedAt < FRESH_MS;
    return {
      incident,
      service,
      affects: alerting.affectedBy(incident).map((name) => find(name)?.title ?? name),
      mute: resolvedAt === null ? coveringMute(mutes, incident.service, incident.id, now) : null,
      settledAs: settled && service !== null ? conditionOf(service) : null,
      counts: { down, total: services.length },
      ...late,
      now,
    };
  });
}
