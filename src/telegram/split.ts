/** Telegram's limit for a text: Unicode code points, counted after its HTML is parsed. */
export const maxCodePoints = 4096;

/** The raw text has a limit of its own, 32,768 bytes; some stay for the tags that a cut closes and opens again. */
const maxRawBytes = 31_000;

/** The smallest pieces that a cut may stand between: a tag, an entity, a code point. */
const piece = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)(?:\s[^<>]*)?>|&(?:lt|gt|amp|quot|#\d{1,7}|#x[\da-fA-F]{1,6});|[\s\S]/gu;

type Piece =
  | { readonly is: 'open' | 'close'; readonly raw: string; readonly name: string }
  | { readonly is: 'text'; readonly raw: string };

function* pieces(html: string): Generator<Piece> {
  for (const [raw, slash, name] of html.matchAll(piece)) {
    if (name === undefined) yield { is: 'text', raw };
    else yield { is: slash === '/' ? 'close' : 'open', raw, name: name.toLowerCase() };
  }
}

interface OpenTag {
  readonly raw: string;
  readonly name: string;
}

/** A place in the part that is being filled where it could end, and the tags that are open there. */
interface Cut {
  readonly length: number;
  readonly count: number;
  readonly open: readonly OpenTag[];
}

const closing = (open: readonly OpenTag[]) => open.map(({ name }) => `</${name}>`).reverse();
const opening = (open: readonly OpenTag[]) => open.map(({ raw }) => raw);

/**
 * Splits Telegram HTML into messages of at most `limit` code points after parsing, each valid by itself: at a line's
 * end, else between words, else anywhere but inside a tag, an entity or a code point. Tags that are open at a cut are
 * closed there and opened again in the next part. Parts without anything to see are left out, since Telegram refuses
 * them; a text without anything to see gives no part at all.
 */
export function splitHtml(html: string, limit: number = maxCodePoints): string[] {
  return [...parts(html, limit)].filter((part) => plainText(part).trim() !== '');
}

/** The first `limit` code points of an HTML text, ended by `…` where something is missing. */
export function cutHtml(html: string, limit: number = maxCodePoints): string {
  const whole = splitHtml(html, limit);
  if (whole.length <= 1) return whole[0] ?? '';
  return `${splitHtml(html, limit - 1)[0] ?? ''}…`;
}

function* parts(html: string, limit: number): Generator<string> {
  let filled: string[] = [];
  let bytes = 0;
  let count = 0;
  let open: OpenTag[] = [];
  let line: Cut | null = null;
  let word: Cut | null = null;

  for (const next of pieces(html)) {
    const size = Buffer.byteLength(next.raw);
    const cost = next.is === 'text' ? 1 : 0;
    if (count > 0 && (count + cost > limit || bytes + size > maxRawBytes)) {
      const here: Cut = { length: filled.length, count, open: [...open] };
      const cut: Cut = best(line, word, here, limit);
      yield [...filled.slice(0, cut.length), ...closing(cut.open)].join('');
      const rest = filled.slice(cut.length);
      filled = [...opening(cut.open), ...rest];
      bytes = Buffer.byteLength(filled.join(''));
      count -= cut.count;
      line = null;
      word = null;
    }
    filled.push(next.raw);
    bytes += size;
    count += cost;
    if (next.is === 'open') open = [...open, next];
    if (next.is === 'close' && open.at(-1)?.name === next.name) open = open.slice(0, -1);
    if (next.raw === '\n') line = { length: filled.length, count, open };
    else if (next.raw === ' ') word = { length: filled.length, count, open };
  }
  yield [...filled, ...closing(open)].join('');
}

/** A line's end in the second half beats a word's end there, which beats a line's end anywhere; else right here. */
function best(line: Cut | null, word: Cut | null, here: Cut, limit: number): Cut {
  const late = (cut: Cut | null) => cut !== null && cut.count * 2 >= limit;
  if (line && late(line)) return line;
  if (word && late(word)) return word;
  return line ?? word ?? here;
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

/** What a person sees of an HTML text: without tags, entities read. */
export function plainText(html: string): string {
  let text = '';
  for (const next of pieces(html)) if (next.is === 'text') text += readEntity(next.raw);
  return text;
}

function readEntity(raw: string): string {
  if (raw.length < 2 || !raw.startsWith('&')) return raw;
  const name = raw.slice(1, -1);
  if (!name.startsWith('#')) return named[name] ?? raw;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : raw;
}
