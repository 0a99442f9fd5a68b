import { conditionOf } from '../../core/condition.ts';
import type { Health } from '../../core/health.ts';
import { isHeld } from '../../core/service.ts';
import type { ServiceView } from '../../core/snapshot.ts';
import { type Language, sayReason, t } from '../../i18n.ts';
import { sayDuration } from '../say.ts';

export const healthIcon: Readonly<Record<Health, string>> = {
  healthy: '🟢',
  degraded: '🟡',
  unhealthy: '🔴',
  unknown: '⚪',
};

/** Whether an operator wants it down and it is. */
export function restsOnPurpose(view: ServiceView): boolean {
  return view.state === 'stopped' && view.wanted === 'down';
}

export function iconOf(view: ServiceView): string {
  if (view.operation !== null || view.state === 'starting' || view.state === 'stopping') return '⏳';
  return restsOnPurpose(view) ? '⚫' : healthIcon[conditionOf(view)];
}

/** How it stands, in one line of plain text: the state, and why where that needs saying. */
export function sayState(language: Language, view: ServiceView, now: number): string {
  const { operation } = view;
  if (operation !== null) {
    const { verb, by, since, deadline } = operation;
    const times = { for: sayDuration(language, now - since), most: sayDuration(language, deadline - since) };
    return t(language, `chat-being-${verb}`, { by: by.name, ...times });
  }
  const state = restsOnPurpose(view) ? 'resting' : isHeld(view) ? 'held' : view.state;
  const line = t(language, `chat-state-${state}`, {
    for: sayDuration(language, now - view.since),
    in: sayDuration(language, Math.max(0, (view.retryAt ?? now) - now)),
  });
  const why = view.state === 'running' ? sayTrouble(language, view) : view.reason && sayReason(language, view.reason);
  return why ? `${line}: ${why}` : line;
}

/** Why a running service is not healthy; null: it is. */
function sayTrouble(language: Language, view: ServiceView): string | null {
  if (view.checks.length === 0 || view.health === 'healthy') return null;
  const health = t(language, `chat-health-${view.health}`);
  return view.healthReason === null ? health : `${health}, ${sayReason(language, view.healthReason)}`;
}
