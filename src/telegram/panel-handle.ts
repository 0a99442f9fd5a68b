import { createHash } from 'node:crypto';

/** How a button names a panel: its id can be any text of any length. */
export function handleOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 8);
}
