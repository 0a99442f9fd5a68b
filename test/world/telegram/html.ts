import { badRequest } from './api-error.ts';
import type { Entity, FormattedText } from './types.ts';

/**
 * parse_mode=HTML as the server parses it (td, MessageEntity.cpp, parse_html): same tags, same leniencies, same
 * complaints, positions in bytes of UTF-8. Not a general HTML parser on purpose.
 */
export function parseHtml(source: string): FormattedText {
  const open: OpenTag[] = [];
  const entities: Entity[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (char === '&') {
      const decoded = decodeReference(source, at);
      if (decoded) {
        text += decoded.text;
        at = decoded.end;
        continue;
      }
    }
    if (char !== '<') {
      text += char;
      at++;
    } else if (source.charAt(at + 1) === '/') {
      at = closeTag(source, at, open, entities, text);
    } else {
      const tag = readStartTag(source, at, text.length);
      open.push(tag.tag);
      at = tag.end;
    }
  }
  const last = open.at(-1);
  if (last) throw complaint(`Can't find end tag corresponding to start tag "${last.name}"`);
  return { text, entities: sortEntities(entities.map(dropCodeLanguage)) };
}

interface OpenTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly offset: number;
}

const simpleTags: ReadonlyMap<string, string> = new Map([
  ['b', 'bold'],
  ['strong', 'bold'],
  ['i', 'italic'],
  ['em', 'italic'],
  ['u', 'underline'],
  ['ins', 'underline'],
  ['s', 'strikethrough'],
  ['strike', 'strikethrough'],
  ['del', 'strikethrough'],
  ['span', 'spoiler'],
  ['tg-spoiler', 'spoiler'],
]);
const otherTags = new Set(['a', 'code', 'pre', 'blockquote', 'tg-emoji', 'tg-time']);

function complaint(text: string): Error {
  return badRequest(`can't parse entities: ${text}`);
}

function byteOffset(source: string, at: number): number {
  return Buffer.byteLength(source.slice(0, at));
}

/** The end of the text counts as space: the server's strings end with a zero byte, which it takes for one. */
function isSpace(char: string): boolean {
  return char === '' || /[ \t\r\n\0\v]/.test(char);
}

function skipSpace(source: string, from: number): number {
  let at = from;
  while (at < source.length && isSpace(source.charAt(at))) at++;
  return at;
}

function skipUntil(source: string, from: number, stop: (char: string) => boolean): number {
  let at = from;
  while (!stop(source.charAt(at))) at++;
  return at;
}

function readStartTag(source: string, begin: number, offset: number): { tag: OpenTag; end: number } {
  const where = `at byte offset ${byteOffset(source, begin)}`;
  let at = skipUntil(source, begin + 1, (char) => isSpace(char) || char === '>');
  if (at >= source.length) throw complaint(`Unclosed start tag ${where}`);
  const name = source.slice(begin + 1, at).toLowerCase();
  if (!simpleTags.has(name) && !otherTags.has(name)) throw complaint(`Unsupported start tag "${name}" ${where}`);

  const attributes = new Map<string, string>();
  while (source.charAt(at) !== '>') {
    at = skipSpace(source, at);
    if (source.charAt(at) === '>') break;
    const nameBegin = at;
    at = skipUntil(source, at, (char) => isSpace(char) || '=>/"\''.includes(char));
    const attribute = source.slice(nameBegin, at);
    if (attribute === '') throw complaint(`Empty attribute name in the tag "${name}" ${where}`);
    at = skipSpace(source, at);
    if (at >= source.length) throw complaint(`Unclosed start tag "${name}" ${where}`);
    if (source.charAt(at) !== '=') {
      attributes.set(attribute, '');
      continue;
    }
    at = skipSpace(source, at + 1);
    if (at >= source.length) throw complaint(`Unclosed start tag "${name}" ${where}`);
    const value = readAttributeValue(source, at);
    attributes.set(attribute, value.text);
    at = value.end;
    if (at >= source.length) throw complaint(`Unclosed start tag ${where}`);
  }
  if (name === 'span' && attributes.get('class') !== 'tg-spoiler') {
    throw complaint(`Tag "span" must have class "tg-spoiler" ${where}`);
  }
  return { tag: { name, attributes, offset }, end: at + 1 };
}

function readAttributeValue(source: string, begin: number): { text: string; end: number } {
  const quote = source.charAt(begin);
  if (quote !== '"' && quote !== "'") {
    const end = skipUntil(source, begin, (char) => !/^[A-Za-z0-9.-]$/.test(char));
    if (!isSpace(source.charAt(end)) && source.charAt(end) !== '>') {
      throw complaint(`Unexpected end of name token at byte offset ${byteOffset(source, begin)}`);
    }
    return { text: source.slice(begin, end).toLowerCase(), end };
  }
  let text = '';
  let at = begin + 1;
  while (at < source.length && source.charAt(at) !== quote) {
    const decoded = source.charAt(at) === '&' ? decodeReference(source, at) : null;
    text += decoded ? decoded.text : source.charAt(at);
    at = decoded ? decoded.end : at + 1;
  }
  return { text, end: at < source.length ? at + 1 : at };
}

/** Handles `</x>` and returns the position after it. */
function closeTag(source: string, begin: number, open: OpenTag[], entities: Entity[], text: string): number {
  const where = `at byte offset ${byteOffset(source, begin)}`;
  const tag = open.pop();
  if (!tag) throw complaint(`Unexpected end tag ${where}`);
  const nameEnd = skipUntil(source, begin + 2, (char) => isSpace(char) || char === '>');
  const name = source.slice(begin + 2, nameEnd);
  const end = skipSpace(source, nameEnd);
  if (source.charAt(end) !== '>') throw complaint(`Unclosed end tag ${where}`);
  if (name !== '' && name !== tag.name) {
    throw complaint(`Unmatched end tag ${where}, expected "</${tag.name}>", found "</${name}>"`);
  }
  if (text.length > tag.offset) addEntity(tag, text, entities);
  return end + 1;
}

function addEntity(tag: OpenTag, text: string, entities: Entity[]): void {
  const place = { offset: tag.offset, length: text.length - tag.offset };
  const simple = simpleTags.get(tag.name);
  if (simple) {
    entities.push({ type: simple, ...place });
    return;
  }
  const inner = entities.at(-1);
  const sameAsInner = inner?.offset === place.offset && inner.length === place.length;
  switch (tag.name) {
    case 'a': {
      const url = tag.attributes.get('href') || text.slice(tag.offset);
      const link = checkLink(url);
      if (link) entities.push({ type: 'text_link', ...place, url: link });
      return;
    }
    case 'code': {
      const language = /^language-(.+)$/s.exec(tag.attributes.get('class') ?? '')?.[1];
      if (language && sameAsInner && inner?.type === 'pre') {
        entities[entities.length - 1] = { ...inner, language };
      } else {
        // The language waits here for a <pre> around it and is dropped where none comes.
        entities.push({ type: 'code', ...place, ...(language ? { language } : {}) });
      }
      return;
    }
    case 'pre':
      if (sameAsInner && inner?.type === 'code' && inner.language)
        entities[entities.length - 1] = { ...inner, type: 'pre' };
      else entities.push({ type: 'pre', ...place });
      return;
    case 'blockquote':
      entities.push({ type: tag.attributes.has('expandable') ? 'expandable_blockquote' : 'blockquote', ...place });
      return;
    case 'tg-emoji': {
      const emoji = tag.attributes.get('emoji-id') ?? '';
      if (!/^[1-9]\d*$/.test(emoji)) throw complaint('Invalid custom emoji identifier specified');
      entities.push({ type: 'custom_emoji', ...place, custom_emoji_id: emoji });
      return;
    }
    case 'tg-time': {
      const unix = Number(tag.attributes.get('unix') ?? '');
      if (!Number.isInteger(unix) || unix <= 0) throw complaint('Invalid date specified');
      const format = tag.attributes.get('format') ?? '';
      if (!/^(r|w?[dD]?[tT]?)$/.test(format)) throw complaint('Invalid date-time format specified');
      entities.push({ type: 'date_time', ...place, unix_time: unix, ...(format ? { date_time_format: format } : {}) });
      return;
    }
  }
}

/** A link the server keeps, with `http://` added where the scheme was left out; a bad one silently becomes plain text. */
function checkLink(url: string): string | null {
  if (/^(tg|ton|mailto|tel):/i.test(url)) return url;
  const full = /^https?:\/\//i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(full)) return null;
  const parsed = new URL(full);
  return parsed.hostname.includes('.') ? parsed.href : null;
}

/** Only the numeric references and the four names the Bot API documents. */
function decodeReference(source: string, at: number): { text: string; end: number } | null {
  const match = /^&(?:#x([0-9a-f]{1,8})|#(\d{1,8})|(lt|gt|amp|quot))(;?)/i.exec(source.slice(at, at + 12));
  if (!match) return null;
  const [whole, hex, decimal, name] = match;
  const end = at + whole.length;
  if (name) {
    const known = new Map([
      ['lt', '<'],
      ['gt', '>'],
      ['amp', '&'],
      ['quot', '"'],
    ]).get(name);
    return known ? { text: known, end } : null;
  }
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff ? { text: String.fromCodePoint(code), end } : null;
}

function dropCodeLanguage(entity: Entity): Entity {
  return entity.type === 'code' ? { type: 'code', offset: entity.offset, length: entity.length } : entity;
}

/** Which of two entities over the same text is told first; the rest (links, commands) stand in between. (td) */
const priorities: ReadonlyMap<string, number> = new Map([
  ['blockquote', 0],
  ['expandable_blockquote', 0],
  ['pre', 10],
  ['code', 20],
  ['text_link', 49],
  ['bold', 90],
  ['italic', 91],
  ['underline', 92],
  ['strikethrough', 93],
  ['spoiler', 94],
  ['custom_emoji', 99],
]);

/** Outer before inner, as on the wire. */
export function sortEntities(entities: readonly Entity[]): readonly Entity[] {
  const priority = ({ type }: Entity): number => priorities.get(type) ?? 50;
  return [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length || priority(a) - priority(b));
}
