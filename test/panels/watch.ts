import { after } from 'node:test';
import type { PanelHost } from '../../src/core/panel-control.ts';
import type { PanelRecord } from '../../src/core/panel-health.ts';
import type { PanelTransition } from '../../src/core/panel-transition.ts';
import { createPanelActions } from '../../src/panels/actions.ts';
import { createCalendar } from '../../src/panels/calendar.ts';
import type { PanelSource } from '../../src/panels/panel.ts';
import { createPanelPoller, type PollerOptions } from '../../src/panels/poller.ts';
import type { Reach } from '../../src/panels/reach.ts';
import { createAdapter } from '../../src/panels/registry.ts';
import { createMemoryTokens } from '../../src/panels/token-store.ts';
import { type PanelOptions, type PanelWorld, startPanel } from '../world/panel/server.ts';
import { sourceOf } from './source.ts';

export interface Told {
  /** Seconds since the start. */
  readonly at: number;
  readonly transition: PanelTransition;
}

const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Answers for the node whose port it is: killed and unroutable ones do not take connections. */
export function reachIn(panel: PanelWorld): Reach {
  return async (address, port) => {
    const node = panel.engine.nodes.find((each) => each.address === address && each.port === port);
    return node !== undefined && node.fault !== 'killed' && node.fault !== 'unroutable';
  };
}

export interface WatchOptions {
  readonly panel?: PanelOptions;
  readonly source?: Partial<PanelSource>;
  readonly host?: PanelHost;
  readonly poller?: Partial<Pick<PollerOptions, 'autoReconnect' | 'reach' | 'random' | 'policy' | 'isOffline'>>;
}

/** A simulated panel with a poller in front of it; an hour passes as fast as its requests are answered. */
export async function watch(options: WatchOptions = {}) {
  const names = ['DE-1', 'FI-1', 'NL-1', 'SE-1'];
  const panel = await startPanel({
    nodes: names.map((name, index) => ({ name, port: 62_050 + 10 * index })),
    ...options.panel,
  });
  const tokens = createMemoryTokens();
  const told: Told[] = [];
  const errors: unknown[] = [];
  const reconnects: string[] = [];
  const begun = panel.now();

  function build(record: PanelRecord | null) {
    const source = sourceOf(panel, { kind: options.panel?.kind ?? 'marzban', ...options.source });
    const adapter = createAdapter({ source, tokens, clock: panel.now });
    const poller = createPanelPoller({
      source,
      adapter,
      record,
      clock: panel.now,
      random: () => 0.5,
      calendar: createCalendar('UTC'),
      reach: reachIn(panel),
      ...options.poller,
      onState: (_state, transitions) => {
        for (const transition of transitions) told.push({ at: (panel.now() - begun) / 1000, transition });
      },
      onReconnect: (node, { step }) => reconnects.push(`${node.name} ${step}`),
      onError: (error) => errors.push(error),
    });
    const sleep = async (ms: number) => panel.advance(ms);
    return {
      poller,
      actions: createPanelActions({ adapter, poller, host: () => options.host ?? null, clock: panel.now, sleep }),
    };
  }

  let current = build(null);
  closing.push(async () => {
    await current.poller.stop();
    await panel.stop();
    if (errors.length > 0) throw errors[0];
  });

  return {
    panel,
    told,
    reconnects,
    get poller() {
      return current.poller;
    },
    get actions() {
      return current.actions;
    },
    /** `name change` of what was told so far, and forgets it. */
    news: () => told.splice(0).map(({ transition }) => `${transition.name} ${transition.change}`),
    /** Lets so many seconds go by. */
    pass: async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        panel.advance(1000);
        current.poller.tick(panel.now());
        await current.poller.idle();
      }
    },
    /** The manager ends and starts again with what it stored. */
    restart: async () => {
      const record = current.poller.record();
      await current.poller.stop();
      current = build(record);
    },
  };
}
