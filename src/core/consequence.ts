import type { Health, HealthRecord } from './health.ts';
import { exitReason, type IncidentInput } from './incident.ts';
import { reason } from './reason.ts';
import type { Signal } from './transition.ts';

/** What a signal of a service's life means for its incidents. `lines` are its last log lines. */
export function incidentsOfSignal(signal: Signal, lines: readonly string[]): readonly IncidentInput[] {
  switch (signal.signal) {
    case 'exited': {
      const attempt =
        signal.followUp === 'restart'
          ? reason('restarting-in', { seconds: Math.round(signal.delay / 1000) })
          : reason(signal.followUp);
      const level = signal.followUp === 'clean-exit' ? 'warning' : 'error';
      return [
        { type: 'problem', kind: 'down', level, reason: exitReason(signal.exit), attempt, lines },
        { type: 'over', kind: 'unhealthy', resolution: 'superseded' },
      ];
    }
    case 'gave-up': {
      const args = { exits: signal.exits, minutes: minutesOf(signal.within) };
      const why =
        signal.exit === null
          ? reason('crash-loop-start', args)
          : signal.exit.signal !== null
            ? reason('crash-loop-signal', { ...args, signal: signal.exit.signal })
            : signal.exit.code !== null
              ? reason('crash-loop-code', { ...args, code: String(signal.exit.code) })
              : reason('crash-loop', args);
      return [
        { type: 'problem', kind: 'down', level: 'critical', reason: why, attempt: reason('stopped-trying'), lines },
        { type: 'over', kind: 'unhealthy', resolution: 'superseded' },
      ];
    }
    case 'start-failed':
      return [
        {
          type: 'problem',
          kind: 'down',
          level: signal.final ? 'critical' : 'error',
          reason: signal.reason,
          attempt: signal.final ? reason('stopped-trying') : reason('start-did-not-work'),
          lines,
        },
      ];
    case 'restarted-ailing':
      return [
        {
          type: 'problem',
          kind: 'unhealthy',
          level: 'error',
          reason: signal.reason,
          attempt: reason('restarting-ailing'),
          lines,
        },
      ];
    case 'restarts-useless':
      return [
        {
          type: 'problem',
          kind: 'unhealthy',
          level: 'critical',
          reason: signal.reason,
          attempt: reason('restarts-useless', { restarts: signal.exits - 1, minutes: minutesOf(signal.within) }),
          lines,
        },
      ];
    case 'settled':
      return [{ type: 'over', kind: 'down', resolution: 'recovered' }];
    case 'stopped-by-operator':
      return [
        { type: 'over', kind: 'down', resolution: 'stopped-by-operator' },
        { type: 'over', kind: 'unhealthy', resolution: 'stopped-by-operator' },
      ];
  }
}

function minutesOf(ms: number): number {
  return Math.max(1, Math.round(ms / 60_000));
}

/** What a change of health means: unhealthy opens; healthy or merely slow ends it; unknown leaves it as it is. */
export function incidentsOfHealth(
  before: Health,
  after: HealthRecord,
  lines: readonly string[],
): readonly IncidentInput[] {
  if (after.health === before) return [];
  if (after.health === 'unhealthy') {
    const why = after.reason ?? reason('no-reason');
    return [{ type: 'problem', kind: 'unhealthy', level: 'error', reason: why, attempt: null, lines }];
  }
  if (after.health === 'unknown') return [];
  return [{ type: 'over', kind: 'unhealthy', resolution: 'recovered' }];
}
