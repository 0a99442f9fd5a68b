import type { Role } from '../core/role.ts';
import { html, type Language } from '../i18n.ts';
import type { Renderer } from '../outbox/teller.ts';
import type { Message } from '../outbox/transport.ts';
import { fromJson, reasonSchema } from '../wire.ts';
import type { Digests } from './digests.ts';
import { noticesOf, type Surroundings } from './notice.ts';
import type { Admin, Rendered, Telegram } from './telegram.ts';

/** Says what the outbox has to tell, each chat in its language (a group: in the first owner's). */
export function createRenderer(
  telegram: Pick<Telegram, 'renderIncidents' | 'renderRecovery' | 'renderDigest' | 'languageOf' | 'timezoneOf'>,
  admins: readonly Admin[],
  surroundings: Surroundings,
  digests: Digests,
): Renderer {
  const known = new Map(admins.map((admin) => [String(admin.id), admin]));
  const first = admins.find((admin) => admin.role === 'owner');

  function languageOf(chat: string): Language {
    const id = (known.get(chat) ?? first)?.id;
    return id === undefined ? 'en' : telegram.languageOf(id);
  }

  /** A group is nowhere: its times are the manager's. */
  const timezoneOf = (chat: string): string => telegram.timezoneOf(Number(chat));

  /** In a group there are those who may act; each press is asked who it was. */
  const roleOf = (chat: string): Role => known.get(chat)?.role ?? 'operator';

  const message = (rendered: Rendered): Message => ({ ...rendered, silent: false, replyTo: null });

  return {
    incidents: (chat, incidents, late) =>
      message(
        telegram.renderIncidents(
          ...([languageOf(chat), noticesOf(surroundings, incidents, late), roleOf(chat), timezoneOf(chat)] as const),
        ),
      ),
    recovery: (chat, incidents, late) =>
      message(telegram.renderRecovery(languageOf(chat), noticesOf(surroundings, incidents, late))),
    digest(chat, what, late) {
      const language = languageOf(chat);
      const rendered = telegram.renderDigest(language, digests.report(what), late, timezoneOf(chat));
      return { ...message(rendered), picture: () => digests.picture(language, timezoneOf(chat)) };
    },
    text(chat, body) {
      const what = fromJson(reasonSchema, body);
      return message({ text: html(languageOf(chat), `reason-${what.code}`, what.args ?? {}), buttons: [] });
    },
  };
}
