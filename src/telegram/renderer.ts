import { conditionOf } from '../core/condition.ts';
import type { Incident } from '../core/incident.ts';
import type { Control } from '../core/snapshot.ts';
import { html, type Language } from '../i18n.ts';
import type { Lateness, Renderer } from '../outbox/outbox.ts';
import type { Message } from '../outbox/transport.ts';
import { fromJson, reasonSchema } from '../wire.ts';
import type { Admin, IncidentNotice, Rendered, Telegram } from './telegram.ts';

/** Says what the outbox has to tell, each chat in its language (a group: in the first owner's). */
export function createRenderer(
  telegram: Pick<Telegram, 'renderIncident' | 'renderRecovery' | 'languageOf'>,
  admins: readonly Admin[],
  control: Pick<Control, 'snapshot'>,
  clock: () => number,
): Renderer {
  const known = new Set(admins.map((admin) => String(admin.id)));
  const first = admins.find((admin) => admin.role === 'owner');

  function languageOf(chat: string): Language {
    const id = known.has(chat) ? Number(chat) : first?.id;
    return id === undefined ? 'en' : telegram.languageOf(id);
  }

  function noticeOf(incident: Incident, late: Lateness): IncidentNotice {
    const { services } = control.snapshot();
    const service = services.find((each) => each.name === incident.service) ?? null;
    const down = services.filter((each) => conditionOf(each) === 'unhealthy').length;
    return { incident, service, counts: { down, total: services.length }, ...late, now: clock() };
  }

  const message = (rendered: Rendered): Message => ({ ...rendered, silent: false, replyTo: null });

  return {
    incident: (chat, incident, late) => message(telegram.renderIncident(languageOf(chat), noticeOf(incident, late))),
    recovery: (chat, incident, late) => message(telegram.renderRecovery(languageOf(chat), noticeOf(incident, late))),
    text(chat, body, _late) {
      const what = fromJson(reasonSchema, body);
      return message({ text: html(languageOf(chat), `reason-${what.code}`, what.args ?? {}), buttons: [] });
    },
  };
}
