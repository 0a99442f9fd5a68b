import { readFileSync } from 'node:fs';
import { FluentBundle, FluentResource } from '@fluent/bundle';
import type { Reason } from './core/reason.ts';
import type { ConfigRemark } from './core/reload.ts';
import { functionsOf } from './measures.ts';

export type Language = 'en' | 'ru';
export const languages: readonly Language[] = ['en', 'ru'];

export type Args = Readonly<Record<string, string | number>>;

const folder = new URL('../locales/', import.meta.url);

function load(language: Language): FluentBundle {
  // Isolation marks are invisible junk inside <code> and in logs.
  const bundle = new FluentBundle(language, { useIsolating: false, functions: functionsOf(language) });
  const errors = bundle.addResource(new FluentResource(readFileSync(new URL(`${language}.ftl`, folder), 'utf8')));
  if (errors.length > 0) throw new Error(`locales/${language}.ftl does not parse`, { cause: errors[0] });
  return bundle;
}

const bundles = new Map<Language, FluentBundle>();

function bundleOf(language: Language): FluentBundle {
  const known = bundles.get(language);
  if (known) return known;
  const bundle = load(language);
  bundles.set(language, bundle);
  return bundle;
}

/** Whether a message exists. */
export function hasMessage(language: Language, key: string): boolean {
  return bundleOf(language).hasMessage(key);
}

/**
 * The text `key` in `language`. Counts are numbers (they choose the plural), ids and ports strings.
 * Never throws: a slip in a translation must not cost an alert; a missing key shows as itself.
 */
export function t(language: Language, key: string, args: Args = {}): string {
  const bundle = bundleOf(language);
  const message = bundle.getMessage(key);
  if (!message?.value) return language === 'en' ? key : t('en', key, args);
  const slips: Error[] = [];
  return bundle.formatPattern(message.value, { ...args }, slips);
}

/** Escapes text from outside for Telegram's HTML parse mode. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Like {@link t} for HTML parse mode: the message may hold tags, every string argument is escaped. */
export function html(language: Language, key: string, args: Args = {}): string {
  const safe: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(args)) safe[name] = typeof value === 'string' ? escapeHtml(value) : value;
  return t(language, key, safe);
}

/** A {@link Reason} in words, plain text. */
export function sayReason(language: Language, why: Reason): string {
  return t(language, `reason-${why.code}`, why.args);
}

/** A mistake or a warning about the configuration in one line: `file:line:column key: found …; allowed …`. */
export function sayRemark(language: Language, { file, line, column, key, reason }: ConfigRemark): string {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  return `${key === '' ? place : `${place} ${key}`}: ${sayReason(language, reason)}`;
}

/** The language for a person: their own setting, else Telegram's (or the terminal's) code, else English. */
export function pickLanguage(setting: string | null | undefined, code: string | null | undefined): Language {
  const wish = (setting ?? code ?? 'en').toLowerCase();
  return wish.startsWith('ru') ? 'ru' : 'en';
}
