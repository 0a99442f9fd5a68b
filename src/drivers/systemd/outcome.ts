import { reason } from '../../core/reason.ts';
import type { StartResult } from '../driver.ts';
import type { UnitProperties } from './properties.ts';
import { exitOfUnit, observeUnit, resultReason, runOf, setupProblem } from './unit.ts';

/**
 * What a start came to that the unit is not up after, from the unit before and after it and systemd's word on the job
 * (null: not finished yet).
 */
export function startOutcome(before: UnitProperties, after: UnitProperties, job: string | null): StartResult {
  const seen = observeUnit(after, { asked: true, ownPolicy: false });
  const ran = after.InvocationID !== '' && after.InvocationID !== before.InvocationID;
  const setup = ran ? setupProblem(after) : null;
  const ended = ran && seen?.state === 'exited' ? { ended: { run: seen.run, exit: seen.exit } } : {};
  if (setup) return { ok: false, fatal: true, reason: setup, ...ended };
  // It ran and has ended since, or needs long to be ready: the news of that follows.
  if ((ran && job === 'done') || (job === null && seen === null)) return { ok: true, run: runOf(after) };
  if (job === 'done' && !after.ConditionResult)
    return { ok: false, fatal: true, reason: reason('unit-condition', { unit: after.Id }) };
  if (job === 'failed' || job === 'timeout') return { ok: false, fatal: false, reason: endReason(after), ...ended };
  return { ok: false, fatal: false, reason: reason('unit-job', { unit: after.Id, result: job ?? 'none' }), ...ended };
}

function endReason(after: UnitProperties) {
  const unit = after.Id;
  const { code, signal } = exitOfUnit(after);
  const more = resultReason(after);
  if (more !== null) return more;
  if (signal !== null) return reason('unit-start-signal', { unit, signal });
  if (code !== null) return reason('unit-start-code', { unit, code: String(code) });
  return reason('unit-job', { unit, result: 'failed' });
}
