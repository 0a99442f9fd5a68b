import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import type { ExitInfo, Run } from '../core/service.ts';
import type { ProcessId } from './proctree.ts';

/** One life of a service in tmux. Written down, so that a later manager can tell "it ended" from "it never ran". */
export interface TmuxLife {
  readonly boot: string;
  readonly service: ProcessId;
  readonly run: Run;
  /** The pane whose own process is the service, so that tmux knows how it ended; null: something stands between. */
  readonly pane: string | null;
  readonly exit: ExitInfo | null;
}

const schema = z.object({
  boot: z.string(),
  service: z.object({ pid: z.int(), startTicks: z.int() }),
  run: z.object({ id: z.string(), pid: z.int().nullable(), startedAt: z.number() }),
  pane: z.string().nullable(),
  exit: z.object({ code: z.int().nullable(), signal: z.string().nullable(), at: z.number() }).nullable(),
});

/** null where nothing was written, or something else. */
export function readLife(path: string): TmuxLife | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

export async function writeLife(path: string, life: TmuxLife): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(life), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
