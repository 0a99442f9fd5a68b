import type { ServiceConfig } from '../config/schema.ts';
import type { PanelSource } from '../panels/panel.ts';

/**
 * The service that a panel runs as on this host: the one that its entry names; else, where there is no doubt, the only
 * one that has panels or asks for them and can be restarted. Doubt is a panel that is neither the only one nor at an
 * address of this host: restarting the container of another panel would cost its users their connections.
 */
export function serviceOfPanel(
  source: Pick<PanelSource, 'service' | 'baseUrl'>,
  alone: boolean,
  services: readonly ServiceConfig[],
): ServiceConfig | null {
  const restartable = services.filter(({ driver }) => driver !== 'external');
  if (source.service !== null) return restartable.find(({ name }) => name === source.service) ?? null;
  const concerned = restartable.filter(
    ({ panels, checks }) => panels.length > 0 || checks.some(({ type }) => type === 'panel'),
  );
  const [only] = concerned;
  if (only === undefined || concerned.length > 1) return null;
  return alone || isLocal(source.baseUrl) ? only : null;
}

function isLocal(baseUrl: string): boolean {
  if (!URL.canParse(baseUrl)) return false;
  const { hostname } = new URL(baseUrl);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
