import type { Alerting } from '../core/alerting.ts';
import type { History } from '../core/history.ts';
import type { Panels } from '../core/panel-control.ts';
import type { PanelPictures } from '../core/panel-picture.ts';
import type { Pictures } from '../core/picture.ts';
import type { Reason } from '../core/reason.ts';
import type { Reload } from '../core/reload.ts';
import type { Actor, Control, ServiceView } from '../core/snapshot.ts';
import type { Stores } from '../core/stores.ts';
import type { HostTop } from '../core/top.ts';
import type { Logger } from '../logger.ts';
import type { Access } from './access.ts';
import type { CommandLists } from './commands.ts';
import type { Digests } from './digests.ts';
import type { Jobs } from './jobs.ts';
import type { PanelQuestions } from './panel-questions.ts';
import type { PreferenceBook } from './preference-book.ts';

/** What the handlers share. */
export interface Desk {
  readonly control: Control;
  readonly alerting: Alerting;
  readonly reload: Pick<Reload, 'look' | 'apply'>;
  readonly panels: Panels;
  readonly stores: Stores;
  readonly top: HostTop;
  readonly panelQuestions: PanelQuestions;
  /** Notes what was done at a panel; `refused` null: it worked. */
  readonly auditPanel: (by: Actor, action: string, panel: string, refused: Reason | null) => void;
  /** The incidents that a message of a chat shows. */
  readonly incidentsIn: (chat: string, message: number) => readonly number[];
  readonly history: Pick<History, 'series' | 'bytes'>;
  readonly pictures: Pick<Pictures, 'chart' | 'dashboard'>;
  readonly panelPictures: PanelPictures;
  readonly digests: Digests;
  readonly preferences: PreferenceBook;
  readonly clock: () => number;
  readonly version: string;
  readonly log: Logger;
  readonly access: Access;
  readonly commandLists: CommandLists;
  readonly jobs: Jobs;
  /** Aborts when the bot stops. */
  readonly stopping: AbortSignal;
}

export function findService(desk: Pick<Desk, 'control'>, name: string | null): ServiceView | null {
  return desk.control.snapshot().services.find((view) => view.name === name) ?? null;
}

/** By name or title, whatever the capitals. */
export function namedService(services: readonly ServiceView[], wanted: string): ServiceView | null {
  const lower = wanted.toLowerCase();
  return services.find(({ name, title }) => name === lower || title.toLowerCase() === lower) ?? null;
}

/** What a service is called; its name when it is not configured any more. */
export function titlesOf(services: readonly ServiceView[]): (name: string) => string {
  const titles = new Map(services.map(({ name, title }) => [name, title]));
  return (name) => titles.get(name) ?? name;
}
