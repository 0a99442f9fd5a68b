import type { MiddlewareFn } from 'grammy';
import type { User } from 'grammy/types';
import * as z from 'zod';
import type { Settings } from '../core/settings.ts';
import { type Language, pickLanguage } from '../i18n.ts';
import type { Logger } from '../logger.ts';
import type { ChatContext } from './context.ts';
import type { Admin, TelegramOptions } from './telegram.ts';

export interface Access {
  /** The first thing every update meets: admins go on, for anybody else it ends here without a sound. */
  readonly gate: MiddlewareFn<ChatContext>;
  /** What the person chose, else what the configuration says, else the language of their Telegram. */
  languageOf(adminId: number): Language;
  /** Where the person is, as configured. */
  timezoneOf(adminId: number): string;
  setLanguage(adminId: number, language: Language): void;
}

/** Strangers beyond this many are not told of any more: a crowd must not become a flood in the owners' chats. */
const mostStrangers = 200;

const idList = z.array(z.number()).catch([]);

export function createAccess(
  options: Pick<TelegramOptions, 'admins' | 'timezone' | 'settings' | 'onStranger' | 'onAdminSeen'> & {
    readonly log: Logger;
  },
): Access {
  const { settings, log } = options;
  const admins = new Map<number, Admin>(options.admins.map((admin) => [admin.id, admin]));
  const strangers = createStrangers(settings);

  const languageOf = (id: number) =>
    pickLanguage(
      settings.get(`telegram.language.${id}`) ?? admins.get(id)?.language,
      settings.get(`telegram.code.${id}`),
    );

  const timezoneOf = (id: number) => admins.get(id)?.timezone ?? options.timezone;

  /** Alerts have no update to read the language from, so it is kept. */
  function keepCode(user: User): void {
    const key = `telegram.code.${user.id}`;
    if (user.language_code !== undefined && settings.get(key) !== user.language_code)
      settings.set(key, user.language_code);
  }

  function meetStranger(user: User): void {
    if (!strangers.isNew(user.id)) return;
    const who = { id: user.id, name: nameOf(user), username: user.username ?? null };
    log.warn({ stranger: who }, 'somebody who is no admin wrote to the bot; no answer was given');
    options.onStranger(who);
  }

  return {
    languageOf,
    timezoneOf,
    setLanguage: (id, language) => settings.set(`telegram.language.${id}`, language),
    gate: async (ctx, next) => {
      const user = ctx.from;
      if (user === undefined) return;
      const admin = admins.get(user.id);
      if (admin === undefined) {
        meetStranger(user);
        return;
      }
      keepCode(user);
      // Somebody who just blocked the bot can not be written to.
      if (ctx.myChatMember?.new_chat_member.status !== 'kicked') options.onAdminSeen(user.id);
      ctx.visitor = { id: user.id, name: admin.name ?? nameOf(user), role: admin.role };
      ctx.language = languageOf(user.id);
      ctx.timezone = timezoneOf(user.id);
      ctx.place = null;
      await next();
    },
  };
}

function nameOf(user: User): string {
  return [user.first_name, user.last_name].filter((part) => part).join(' ');
}

/** Remembers whom the owners were told of, so that each is told of once, also after a restart. */
function createStrangers(settings: Settings) {
  const key = 'telegram.strangers';
  const known = new Set(idList.parse(parseJson(settings.get(key))));
  return {
    isNew(id: number): boolean {
      if (known.has(id) || known.size >= mostStrangers) return false;
      known.add(id);
      settings.set(key, JSON.stringify([...known]));
      return true;
    },
  };
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
}

/** The languages one can choose from, each in its own words. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', ru: 'Русский' };
