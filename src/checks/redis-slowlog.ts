import * as z from 'zod';
import type { SlowCommand } from '../core/redis-details.ts';
import { patternOf } from './redis-keys.ts';

const entry = z.tuple([z.number(), z.number(), z.number(), z.array(z.string())]).rest(z.unknown());

/** Their second word is one of their own, not a key; what follows may be a password. */
const withSubcommand: ReadonlySet<string> = new Set([
  'ACL',
  'CLIENT',
  'CLUSTER',
  'CONFIG',
  'DEBUG',
  'FUNCTION',
  'LATENCY',
  'MEMORY',
  'MODULE',
  'OBJECT',
  'PUBSUB',
  'SCRIPT',
  'SLOWLOG',
  'XGROUP',
  'XINFO',
]);
/** Their second word is a program, a password or a pattern. */
const alone: ReadonlySet<string> = new Set(['AUTH', 'EVAL', 'EVALSHA', 'FCALL', 'HELLO', 'MIGRATE', 'KEYS', 'SCAN']);

/** Reads the answer to SLOWLOG GET. */
export function parseSlowLog(answer: unknown): readonly SlowCommand[] {
  return z
    .array(entry)
    .parse(answer)
    .map(([id, at, micros, words]) => ({ id, at: at * 1000, took: micros / 1000, command: cut(words) }));
}

/** Arguments hold keys and values of customers: only their kind is shown. */
export function cut([first = '?', second, ...rest]: readonly string[]): string {
  const name = first.toUpperCase();
  if (second === undefined) return name;
  if (alone.has(name)) return `${name} … +${rest.length + 1}`;
  const shown = withSubcommand.has(name) ? second.toUpperCase() : patternOf(second).slice(0, 40);
  return rest.length === 0 ? `${name} ${shown}` : `${name} ${shown} … +${rest.length}`;
}
