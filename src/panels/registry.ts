import { type AdapterOptions, createMarzban } from './marzban.ts';
import type { PanelAdapter } from './panel.ts';
import { createPasarguard } from './pasarguard.ts';

/** The adapter for a panel of its kind. A new kind is one file and one line here. */
export function createAdapter(options: AdapterOptions): PanelAdapter {
  switch (options.source.kind) {
    case 'marzban':
      return createMarzban(options);
    case 'pasarguard':
      return createPasarguard(options);
  }
}
