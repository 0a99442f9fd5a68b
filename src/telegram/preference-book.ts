import type { Level } from '../core/incident.ts';
import { chooseLevel, chooseQuiet, type Preferences, preferencesOf } from '../core/preferences.ts';
import type { TelegramOptions } from './telegram.ts';

/** What each admin wants to hear, to be read and changed in the chat. */
export interface PreferenceBook {
  /** null: that is no admin. */
  of(adminId: number): Preferences | null;
  setLevel(adminId: number, level: Level): void;
  setQuiet(adminId: number, on: boolean): void;
}

export function createPreferenceBook(
  options: Pick<TelegramOptions, 'admins' | 'settings' | 'onPreferences'>,
): PreferenceBook {
  const { admins, settings } = options;
  return {
    of(adminId) {
      const admin = admins.find(({ id }) => id === adminId);
      return admin === undefined ? null : preferencesOf(settings, admin);
    },
    setLevel(adminId, level) {
      chooseLevel(settings, adminId, level);
      options.onPreferences();
    },
    setQuiet(adminId, on) {
      chooseQuiet(settings, adminId, on);
      options.onPreferences();
    },
  };
}
