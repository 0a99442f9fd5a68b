import { reader } from './values.ts';

/**
 * Splits a line into words as a POSIX shell does: blanks separate, single quotes keep all, double quotes keep all but
 * `\" \\`, a backslash keeps the next character. Nothing is expanded and nothing is run.
 * @returns undefined when a quote is not closed, when nothing is there, or when the line needs a shell to mean what it
 *   says (`| & ; < > ( ) $` and the backtick outside single quotes).
 */
export function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== null && character === quote) quote = null;
    else if (quote === "'") word += character;
    else if (character === '\\') {
      at++;
      if (at >= line.length) return undefined;
      const next = line.charAt(at);
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if ('$`'.includes(character)) return undefined;
    else if (quote === '"') word += character;
    else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if ('|&;<>()'.includes(character)) return undefined;
    else word = (word ?? '') + character;
  }
  if (quote !== null) return undefined;
  if (word !== null) words.push(word);
  return words.length > 0 && words[0] !== '' ? words : undefined;
}

/** Program and arguments; a list, or text that {@link splitWords} understands. */
export const command = reader('config-command', (found): readonly string[] | undefined => {
  if (typeof found === 'string') return splitWords(found);
  if (!Array.isArray(found) || found.length === 0 || found[0] === '') return undefined;
  const words: string[] = [];
  for (const word of found) {
    if (typeof word !== 'string' || word.includes('\0')) return undefined;
    words.push(word);
  }
  return words;
});
