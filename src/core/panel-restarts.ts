/** Starts of xray that its log tells of and the panel does not. Each drops everybody on it. */
export interface RestartRecord {
  /** Epoch ms, oldest first; those of the last hour. */
  readonly at: readonly number[];
  /** So many that somebody has to look: stays until there was none for an hour. */
  readonly restless: boolean;
}

export const noRestarts: RestartRecord = { at: [], restless: false };

const HOUR = 3_600_000;
/** One restart is a note; so many inside an hour are a fault. A count. */
const TOO_MANY = 3;
/** More would say nothing more. */
const MOST_KEPT = 60;

/** Takes in a restart (`restarted`) or just the passing of time. */
export function foldRestarts(before: RestartRecord, restarted: boolean, now: number): RestartRecord {
  const recent = before.at.filter((at) => now - at < HOUR);
  if (!restarted && recent.length === before.at.length && (recent.length > 0 || !before.restless)) return before;
  const at = restarted ? [...recent, now].slice(-MOST_KEPT) : recent;
  return { at, restless: at.length >= TOO_MANY || (before.restless && at.length > 0) };
}
