/** What the chat, the command and the HTTP endpoint see when all is well; tests say what is different. */
import type { ServiceView, TelegramView } from '../../src/core/snapshot.ts';

/** A service that runs, is healthy, and was started again once. */
export function serviceView(name: string, now: number, more: Partial<ServiceView> = {}): ServiceView {
  return {
    name,
    title: name,
    driver: 'process',
    needs: [],
    state: 'running',
    since: now - 3 * 3600_000,
    wanted: 'up',
    reason: null,
    health: 'healthy',
    healthSince: now - 3600_000,
    healthReason: null,
    checks: [
      {
        id: 'process',
        health: 'healthy',
        verdict: 'healthy',
        reason: null,
        failures: 0,
        successes: 9,
        healthSince: null,
        unknownSince: null,
        at: now,
        metrics: [{ name: 'cpu', value: 3.2, unit: '%' }],
      },
    ],
    pid: 4242,
    startedAt: now - 3 * 3600_000,
    restarts: 2,
    foreignRestarts: null,
    exitsInWindow: 1,
    lastExit: { code: 1, signal: null, at: now - 3 * 3600_000 },
    retryAt: null,
    operation: null,
    can: ['restart', 'stop'],
    ...more,
  };
}

/** It answers, and nothing waits for it. */
export const telegramView: TelegramView = {
  state: 'polling',
  since: 0,
  reason: null,
  waiting: 0,
  oldestWaiting: null,
  lastDelivered: null,
  dropped: 0,
  dead: 0,
};
