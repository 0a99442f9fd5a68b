import type { Check } from '../checks/check.ts';
import { addressOf } from '../checks/connect.ts';
import { behindLink, createLink } from '../checks/link.ts';
import { hostOfUrl, isRemote, remoteHostOf, remoteHostOfMetric } from '../checks/remote.ts';
import type { CheckConfig, Config, MetricConfig, ServiceConfig } from '../config/schema.ts';
import type { Settings } from '../core/settings.ts';
import type { Ledger } from '../supervisor/ledger.ts';
import { createLinkWatch } from '../supervisor/link-watch.ts';

export interface LinkOfAppOptions {
  readonly config: Config;
  readonly settings: Settings;
  /** As they are now. */
  readonly services: () => readonly ServiceConfig[];
  /** Where the panels that are asked now live. */
  readonly panels: () => readonly { readonly baseUrl: string; readonly active: boolean }[];
  readonly clock: () => number;
}

const KEY = 'link:answered';

/** The host's own network: asked before anybody beyond it is blamed. */
export function createLinkOfApp(options: LinkOfAppOptions) {
  const { config, settings, clock } = options;
  const { link_anchors: anchors } = config.monitoring;
  const link = createLink({
    ...{ anchors, clock },
    memory: {
      load: () => Number(settings.get(KEY) ?? 0) || null,
      save: (at) => settings.set(KEY, String(at)),
    },
  });

  const isRemotePanel = ({ baseUrl }: { readonly baseUrl: string }) => isRemote(hostOfUrl(baseUrl) ?? 'localhost');
  const panelsAreRemote = () => options.panels().some((panel) => panel.active && isRemotePanel(panel));
  const isRemoteCheck = (check: CheckConfig) =>
    check.type === 'panel' ? panelsAreRemote() : remoteHostOf(check) !== null;

  const isRemoteEntry = (config: CheckConfig | MetricConfig) =>
    'type' in config ? isRemoteCheck(config) : remoteHostOfMetric(config) !== null;

  const isRemoteService = ({ checks, metrics }: ServiceConfig) =>
    checks.some((check) => check.type !== 'panel' && isRemoteEntry(check)) || metrics.some(isRemoteEntry);
  let asked: { readonly services: readonly ServiceConfig[]; readonly remote: boolean } | null = null;
  /** Asked each second, and the same until the configuration is reloaded. Panels are left to `panelsAreRemote`. */
  function servicesAreRemote(): boolean {
    const services = options.services();
    if (asked?.services !== services) asked = { services, remote: services.some(isRemoteService) };
    return asked.remote;
  }

  return {
    /** A check that does not blame others for this host's network. */
    guard<T extends Check>(config: CheckConfig | MetricConfig, check: T): T {
      // Processes are on this host, and asked of hundreds of services.
      if ('type' in config && config.type === 'process') return check;
      return behindLink(check, link, () => isRemoteEntry(config));
    },
    /** Whether a panel's silence proves nothing now. */
    isOffline: async (panel: { readonly baseUrl: string }): Promise<boolean> =>
      isRemotePanel(panel) && (await link.isDown()),
    watch: (ledger: Pick<Ledger, 'commit' | 'find'>) =>
      createLinkWatch({
        ...{ link, ledger, clock },
        anchors: anchors.map(({ host, port }) => addressOf(host, port)),
        needed: () => panelsAreRemote() || servicesAreRemote(),
      }),
  };
}

export type LinkOfApp = ReturnType<typeof createLinkOfApp>;
