import { html, type Language, t } from '../../i18n.ts';
import { languageNames } from '../access.ts';
import type { Visitor } from '../context.ts';

/** Who one is here, and what one can choose. */
export function settingsText(language: Language, visitor: Visitor, version: string, timezone: string): string {
  return [
    `<b>${html(language, 'chat-settings')}</b>`,
    html(language, 'chat-settings-you', { name: visitor.name, id: String(visitor.id) }),
    html(language, 'chat-settings-role', { role: t(language, `chat-role-${visitor.role}`) }),
    html(language, 'chat-settings-language', { language: languageNames[language] }),
    html(language, 'chat-settings-timezone', { timezone }),
    html(language, 'chat-settings-version', { version }),
  ].join('\n');
}
