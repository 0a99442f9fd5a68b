import type { Incident } from '../../src/core/incident.ts';

/** An open incident of a service called `bot`, for tests to vary. */
export const anIncident: Incident = {
  id: 1,
  key: 'bot/down',
  service: 'bot',
  kind: 'down',
  level: 'error',
  openedAt: 0,
  resolvedAt: null,
  resolution: null,
  acknowledgedBy: null,
  acknowledgedAt: null,
  saidAt: 0,
  escalatedAt: null,
  reason: { code: 'exit-code' },
  attempts: [],
  lines: [],
};
