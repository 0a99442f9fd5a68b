import type { Metric } from '../../core/health.ts';
import type { Hours } from '../../core/local-time.ts';
import { html, t } from '../../i18n.ts';
import { sayMetric } from '../../measures.ts';
import { languageNames } from '../access.ts';
import type { ChatContext } from '../context.ts';
import type { Desk } from '../desk.ts';

/** Who one is here, what one hears, and what one can choose. */
export function settingsText({ language, visitor, timezone }: ChatContext, desk: Desk): string {
  return [
    `<b>${html(language, 'chat-settings')}</b>`,
    html(language, 'chat-settings-you', { name: visitor.name, id: String(visitor.id) }),
    html(language, 'chat-settings-role', { role: t(language, `chat-role-${visitor.role}`) }),
    html(language, 'chat-settings-language', { language: languageNames[language] }),
    ...preferenceLines({ language, visitor }, desk),
    html(language, 'chat-settings-timezone', { timezone }),
    html(language, 'chat-settings-history', { size: sayMetric(language, dataFile(desk)) }),
    html(language, 'chat-settings-version', { version: desk.version }),
  ].join('\n');
}

function dataFile({ history }: Desk): Metric {
  return { name: '', value: history.bytes(), unit: 'bytes' };
}

function preferenceLines({ language, visitor }: Pick<ChatContext, 'language' | 'visitor'>, desk: Desk) {
  const preferences = desk.preferences.of(visitor.id);
  if (preferences === null) return [];
  const { level, quiet, hours } = preferences;
  return [
    html(language, 'chat-settings-level', { level }),
    html(language, quiet ? 'chat-settings-quiet' : 'chat-settings-not-quiet', { hours: sayHours(hours) }),
  ];
}

function sayHours({ from, to }: Hours): string {
  return `${clockOf(from)}–${clockOf(to)}`;
}

function clockOf(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
