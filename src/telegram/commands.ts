import { createHash } from 'node:crypto';
import type { Api } from 'grammy';
import type { Settings } from '../core/settings.ts';
import { type Language, t } from '../i18n.ts';
import type { Logger } from '../logger.ts';
import { classify, reasonOf } from './errors.ts';

/** What the chat's menu of commands offers; each is explained by `command-<name>`. */
export const listed = [
  'menu',
  'status',
  'alerts',
  'marzban',
  'cache',
  'db',
  'users',
  'metrics',
  'digest',
  'mute',
  'maintenance',
  'logs',
  'settings',
  'help',
] as const;

export interface CommandLists {
  /** Sets the list of one admin's chat if it is not what it should be. Never fails: at worst the list is old. */
  update(adminId: number, language: Language): Promise<void>;
  /** Strangers see no commands. */
  hideFromStrangers(): Promise<void>;
}

/** Telegram refuses those who set commands at every start (429), so what was set is remembered and not repeated. */
export function createCommandLists(api: Api, settings: Settings, log: Logger): CommandLists {
  async function once(key: string, value: string, call: () => Promise<unknown>): Promise<void> {
    if (settings.get(key) === value) return;
    try {
      await call();
      settings.set(key, value);
    } catch (error) {
      const failure = classify(error);
      if (failure === null) throw error;
      // An admin who never opened the chat has none; they get the list when they write.
      log.debug({ key, reason: reasonOf(failure) }, 'the list of commands was not set');
    }
  }

  return {
    async update(adminId, language) {
      const commands = listed.map((command) => ({ command, description: t(language, `command-${command}`) }));
      const print = createHash('sha256').update(JSON.stringify(commands)).digest('base64url').slice(0, 16);
      const scope = { type: 'chat', chat_id: adminId } as const;
      await once(`telegram.commands.${adminId}`, print, () => api.setMyCommands(commands, { scope }));
    },
    hideFromStrangers: () => once('telegram.commands.default', 'none', () => api.deleteMyCommands()),
  };
}
