import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { installed } from '../installed.ts';

/** The version in package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('package.json', installed), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
