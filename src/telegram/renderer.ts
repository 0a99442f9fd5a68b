import { conditionOf } from '../core/condition.ts';
import type { Incident } from '../core/incident.ts';
import type { Control } from '../core/snapshot.ts';
import { html, type Language } from '../i18n.ts';
import type { Lateness, Renderer } from '../outbox/teller.ts';
import type { Message } from '../outbox/transport.ts';
import { fromJson, reasonSchema } from '../wire.ts';
import type { Admin, IncidentNotice, Rendered, Telegram } from './telegram.ts';

/** What a renderer has to know beyond the incident itself. */
export interface Surroundings {
  /** Services whose problems this one explains. */
  affectedBy(incident: Incident): readonly string[];
}

/** Says what the outbox has to tell, each chat in its language (a group: in the first owner's). */
export function createRenderer(
  telegram: Pick<Telegram, 'renderIncidents' | 'renderRecovery' | 'languageOf'>,
  admins: readonly Admin[],
  control: Pick<Control, 'snapshot'>,
  surroundings: Surroundings,
  clock: () => number,
): Renderer {
  const known = new Set(admins.map((admin) => String(admin.id)));
  const first = admins.find((admin) => admin.role === 'owner');

  function languageOf(chat: string): Language {
    const id = known.has(chat) ? Number(chat) : first?.id;
    return id === undefined ? 'en' : telegram.languageOf(id);
  }

  function noticesOf(incidents: readonly Incident[], late: Lateness): readonly IncidentNotice[] {
    const { services } = control.snapshot();
    const title = (name: string) => services.find((each) => each.name === name)?.title ?? name;
    const down = services.filter((each) => conditionOf(each) === 'unhealthy').length;
    return incidents.map((incident) => ({
      incident,
      service: services.find((each) => each.name === incident.service) ?? null,
      affects: surroundings.affectedBy(incident).map(title),
      counts: { down, total: services.length },
      ...late,
      now: clock(),
    }));
  }

  const message = (rendered: Rendered): Message => ({ ...rendered, silent: false, replyTo: null });

  return {
    incidents: (chat, incidents, late) =>
      message(telegram.renderIncidents(languageOf(chat), noticesOf(incidents, late))),
    recovery: (chat, incidents, late) => message(telegram.renderRecovery(languageOf(chat), noticesOf(incidents, late))),
    text(chat, body) {
      const what = fromJson(reasonSchema, body);
      return message({ text: html(languageOf(chat), `reason-${what.code}`, what.args ?? {}), buttons: [] });
    },
  };
}
