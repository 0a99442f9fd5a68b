import { exitsInWindow } from '../core/recovery.ts';
import { isHeld } from '../core/service.ts';
import type { ServiceView } from '../core/snapshot.ts';
import { type Managed, possible } from './managed.ts';

/** One service as chat, CLI and HTTP see it. */
export function viewOf(service: Managed, now: number): ServiceView {
  const { config, record } = service;
  return {
    name: record.name,
    title: config.title,
    driver: config.driver,
    needs: config.depends_on,
    state: record.state,
    since: record.since,
    wanted: record.wanted,
    reason: record.reason,
    health: record.health.health,
    healthSince: record.health.since,
    healthReason: record.health.reason,
    checks: record.health.checks,
    pid: record.run?.pid ?? null,
    startedAt: record.run?.startedAt ?? null,
    restarts: record.restarts,
    foreignRestarts: record.foreignRestarts,
    exitsInWindow: exitsInWindow(record.exits, config, now).length,
    lastExit: record.lastExit,
    retryAt: isHeld(record) ? null : record.retryAt,
    operation: service.operation,
    can: possible(service),
  };
}
