import { type Level, levels } from './incident.ts';
import type { Hours } from './local-time.ts';
import type { Settings } from './settings.ts';

/** What an admin wants to hear. */
export interface Preferences {
  /** From this level up. */
  readonly level: Level;
  /** Whether only what is critical may sound in `hours`. */
  readonly quiet: boolean;
  readonly hours: Hours;
}

/** An admin as configured. */
export interface Configured {
  readonly id: number;
  readonly level: Level;
  readonly quiet_hours: Hours | null;
}

/** The night of somebody who has not said when it is: 23:00-08:00. */
export const usualNight: Hours = { from: 23 * 60, to: 8 * 60 };

const levelKey = (id: number) => `admin:${id}:level`;
const quietKey = (id: number) => `admin:${id}:quiet`;

/** What the person chose in the chat, else what the configuration says. */
export function preferencesOf(settings: Settings, admin: Configured): Preferences {
  const level = levels.find((each) => each === settings.get(levelKey(admin.id))) ?? admin.level;
  const chosen = settings.get(quietKey(admin.id));
  const quiet = chosen === null ? admin.quiet_hours !== null : chosen === 'on';
  return { level, quiet, hours: admin.quiet_hours ?? usualNight };
}

export function chooseLevel(settings: Settings, id: number, level: Level): void {
  settings.set(levelKey(id), level);
}

export function chooseQuiet(settings: Settings, id: number, on: boolean): void {
  settings.set(quietKey(id), on ? 'on' : 'off');
}
