import { closest, distance } from 'fastest-levenshtein';
import * as z from 'zod';
import type { Path } from './message.ts';

/** The known word that somebody may have meant; null when none is near enough to be of help. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const near = closest(word, known);
  // Two slips (or two letters that changed places), in long words up to a third of the letters: more is another word.
  const length = Math.max(word.length, near.length);
  return distance(word, near) <= (length < 4 ? 1 : Math.max(2, Math.floor(length / 3))) ? near : null;
}

/** A schema without what is wrapped around it (defaults, null, preprocessing). */
export function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  if (
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

/** The keys that may stand at a path; a choice (services by driver, checks by type) is made by what the file holds. */
export function keysAt(schema: unknown, value: unknown, path: Path): readonly string[] {
  const here = unwrap(schema);
  if (here instanceof z.ZodDiscriminatedUnion) {
    const options = here.options.map(unwrap).filter((option) => option instanceof z.ZodObject);
    const discriminator = here.def.discriminator;
    const chosen = options.find(
      (option) => option.shape[discriminator]?.safeParse(child(value, discriminator)).success,
    );
    if (chosen) return keysAt(chosen, value, path);
    return [...new Set(options.flatMap((option) => keysAt(option, value, path)))];
  }
  const [part, ...rest] = path;
  if (part === undefined) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  const below = child(value, part);
  if (here instanceof z.ZodObject) return keysAt(here.shape[part], below, rest);
  if (here instanceof z.ZodArray) return keysAt(here.element, below, rest);
  if (here instanceof z.ZodRecord) return keysAt(here.valueType, below, rest);
  return [];
}

/** What an object or a list holds under a key. */
export function child(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The value at a path. */
export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(child, value);
}
