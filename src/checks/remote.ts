import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { CheckConfig, MetricConfig } from '../config/schema.ts';

/** The machine that a check asks over the network: its name or address; null: it asks this host itself. */
export function remoteHostOf(check: CheckConfig): string | null {
  switch (check.type) {
    case 'http':
    case 'redis':
    case 'postgres':
      return remote(hostOfUrl(check.url));
    case 'tcp':
    case 'tls':
      return remote(check.host);
    case 'dns':
      // Whoever is asked asks further.
      return check.server ?? check.name;
    default:
      return null;
  }
}

/** The same of a number of one's own. */
export function remoteHostOfMetric(metric: MetricConfig): string | null {
  return metric.from === 'command' || metric.url === null ? null : remote(hostOfUrl(metric.url));
}

/** The machine in an address; null: it is on this host (a socket's path), or cannot be read. */
export function hostOfUrl(url: string): string | null {
  const host = /^[a-z+]+:\/\/(?:[^/]*@)?(\[[^\]]+\]|[^:/?#,]+)/i.exec(url)?.[1];
  return host === undefined ? null : host.replace(/^\[|\]$/g, '');
}

/** Whether a name or an address leads away from this host. */
export function isRemote(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return false;
  if (isIP(name) === 0) return true;
  if (name.startsWith('127.') || name === '::1' || name === '0.0.0.0' || name === '::') return false;
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return !own.some(({ address }) => address.toLowerCase() === name);
}

function remote(host: string | null): string | null {
  return host !== null && isRemote(host) ? host : null;
}
