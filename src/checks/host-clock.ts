import { execFile } from 'node:child_process';

/** What is known of this machine's time without asking anybody outside. */
export interface ClockState {
  readonly state: 'synchronised' | 'drifting' | 'unknown';
  /** ms that the clock is off, ahead or behind; null: nobody says. */
  readonly offset: number | null;
  /** Who said so. */
  readonly source: 'chrony' | 'systemd' | null;
}

/** Runs a program and gives its output; null when it is not there or fails. */
export type Ask = (program: string, args: readonly string[], signal: AbortSignal) => Promise<string | null>;

const nobodyKnows: ClockState = { state: 'unknown', offset: null, source: null };

/** Asks whoever keeps the time here: chrony (which knows how far off it is), else systemd (which knows only whether). */
export async function readClock(signal: AbortSignal, ask: Ask = askProgram): Promise<ClockState> {
  const tracking = await ask('chronyc', ['-n', '-c', 'tracking'], signal);
  if (tracking !== null) return parseChrony(tracking);
  const synchronised = await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'], signal);
  switch (synchronised?.trim()) {
    case 'yes':
      return { state: 'synchronised', offset: null, source: 'systemd' };
    case 'no':
      return { state: 'drifting', offset: null, source: 'systemd' };
    default:
      return nobodyKnows;
  }
}

/**
 * One line: reference id, name, stratum, reference time, how far the system's time is off (s), last offset, rms,
 * frequency, residual, skew, root delay, root dispersion, update interval, leap status.
 */
function parseChrony(line: string): ClockState {
  const fields = line.trim().split(',');
  const seconds = Number(fields[4]);
  if (fields.length < 14 || Number.isNaN(seconds)) return nobodyKnows;
  const synchronised = fields[13] !== 'Not synchronised';
  return {
    state: synchronised ? 'synchronised' : 'drifting',
    offset: synchronised ? Math.abs(seconds) * 1000 : null,
    source: 'chrony',
  };
}

function askProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<string | null> {
  // Nobody but the manager gets its secrets.
  const env = { PATH: process.env.PATH };
  const limits = { env, timeout: 2000, maxBuffer: 64 * 1024, signal, killSignal: 'SIGKILL' as const };
  return new Promise((resolve) => {
    execFile(program, args, { ...limits, encoding: 'utf8' }, (error, stdout) => resolve(error ? null : stdout));
  });
}
