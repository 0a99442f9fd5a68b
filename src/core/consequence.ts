import type { Health, HealthRecord } from './health.ts';
import { exitReason, type IncidentInput } from './incident.ts';
import { type Reason, reason } from './reason.ts';
import type { Signal } from './transition.ts';

/** What a signal of a service's life means for its incidents. `lines` are its last log lines. */
export function incidentsOfSignal(signal: Signal, lines: readonly string[]): readonly IncidentInput[] {
  switch (signal.signal) {
    case 'exited': {
      const attempt =
        signal.followUp === 'restart'
          ? reason('restarting-in', { seconds: Math.round(signal.delay / 1000) })
          : reason(signal.followUp);
      const mild = signal.followUp === 'clean-exit' || signal.followUp === 'stopped-elsewhere';
      const level = mild ? 'warning' : 'error';
      const why = signal.reason ?? exitReason(signal.exit);
      return [
        { type: 'problem', kind: 'down', level, reason: why, attempt, lines },
        { type: 'over', kind: 'unhealthy', resolution: 'superseded' },
      ];
    }
    case 'gave-up':
    case 'looping': {
      const attempt = signal.signal === 'gave-up' ? reason('stopped-trying') : reason('own-policy-loops');
      const problem = { type: 'problem', kind: 'down', level: 'critical', reason: loopReason(signal), lines } as const;
      // The count alone says nothing of memory that was used up, or of a port that is taken.
      const cause = signal.signal === 'gave-up' ? signal.reason : undefined;
      return [
        ...(cause === undefined
          ? [{ ...problem, attempt }]
          : [{ ...problem, attempt: cause }, { type: 'attempt', kind: 'down', attempt } as const]),
        { type: 'over', kind: 'unhealthy', resolution: 'superseded' },
      ];
    }
    case 'left-down': {
      const why = signal.reason ?? exitReason(signal.exit);
      return [
        { type: 'problem', kind: 'down', level: 'critical', reason: why, attempt: reason('left-down'), lines },
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

/** A crash loop, named with all that is known of it. */
function loopReason(signal: Extract<Signal, { signal: 'gave-up' | 'looping' }>): Reason {
  const args = { exits: signal.exits, minutes: minutesOf(signal.within) };
  if (signal.exit === null) return reason('crash-loop-start', args);
  // No restart was granted, so it is no loop.
  if (signal.exits === 1) return exitReason(signal.exit);
  if (signal.exit.signal !== null) return reason('crash-loop-signal', { ...args, signal: signal.exit.signal });
  if (signal.exit.code !== null) return reason('crash-loop-code', { ...args, code: String(signal.exit.code) });
  return reason('crash-loop', args);
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
