import { reason } from '../core/reason.ts';
import type { Driver } from './driver.ts';

/**
 * Something that the manager watches by its checks alone: another machine, a provider's service, the host itself. It
 * counts as there for as long as it is configured; whether it is well is for the checks to say.
 */
export function createExternalDriver(name: string, clock: () => number): Driver {
  const run = { id: `external:${name}`, pid: null, startedAt: clock() };
  return {
    kind: 'external',
    inspect: async () => ({ state: 'running', run }),
    start: async () => ({ ok: true, run }),
    stop: async () => ({ ok: false, reason: reason('external-only-watched') }),
    onChange() {},
    logs: async () => [],
    close: async () => {},
  };
}
