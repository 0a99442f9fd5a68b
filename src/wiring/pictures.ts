import { createPanelPictures } from '../charts/panel-pictures.ts';
import { createPictures } from '../charts/pictures.ts';
import { createRenderer } from '../charts/renderer.ts';
import type { Config } from '../config/schema.ts';
import type { History } from '../core/history.ts';
import type { ServiceView } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';

export interface PicturesOfAppOptions {
  readonly config: Config;
  readonly history: History;
  readonly services: () => readonly ServiceView[];
  readonly clock: () => number;
  readonly log: Logger;
}

/** Charts of services and of panels, drawn by one process. */
export function createPicturesOfApp({ config, history, services, clock, log }: PicturesOfAppOptions) {
  const { timezone, metrics } = config.monitoring;
  const ways = { history, renderer: createRenderer({ log }), theme: metrics.theme, timezone, clock };
  return { pictures: createPictures({ ...ways, services }), panelPictures: createPanelPictures(ways) };
}
