import type { Control, ServiceView } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';
import type { Access } from './access.ts';
import type { CommandLists } from './commands.ts';
import type { Confirmations } from './confirmations.ts';
import type { Jobs } from './jobs.ts';

/** What the handlers share. */
export interface Desk {
  readonly control: Control;
  readonly clock: () => number;
  /** IANA name. */
  readonly timezone: string;
  readonly version: string;
  readonly log: Logger;
  readonly access: Access;
  readonly commandLists: CommandLists;
  readonly confirmations: Confirmations;
  readonly jobs: Jobs;
  /** Aborts when the bot stops. */
  readonly stopping: AbortSignal;
}

export function findService(desk: Pick<Desk, 'control'>, name: string | null): ServiceView | null {
  return desk.control.snapshot().services.find((view) => view.name === name) ?? null;
}
