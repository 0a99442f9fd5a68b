import { execFile } from 'node:child_process';
import { baseEnvironment } from '../environment.ts';
import { readable } from '../log-tail.ts';

/** journalctl takes about 20 ms; a journal of many gigabytes takes longer. */
const deadlineMs = 10_000;
const maxBytes = 8 * 1024 * 1024;

/**
 * A unit's last lines, oldest first, with what systemd itself says of it. None where the journal may not be read:
 * that takes root or the group systemd-journal.
 */
export function journalLines(
  journal: readonly string[],
  unit: string,
  user: boolean,
  lines: number,
): Promise<readonly string[]> {
  const [program, ...more] = journal;
  if (program === undefined || lines <= 0) return Promise.resolve([]);
  const which = user ? `--user-unit=${unit}` : `--unit=${unit}`;
  const args = [...more, which, `--lines=${lines}`, '--output=cat', '--no-pager', '--quiet'];
  return new Promise((resolve) => {
    const limits = { timeout: deadlineMs, maxBuffer: maxBytes };
    execFile(program, args, { ...limits, env: baseEnvironment() }, (error, stdout) => {
      if (error) return resolve([]);
      const found = stdout.split('\n');
      if (found.at(-1) === '') found.pop();
      resolve(found.slice(-lines).map(readable));
    });
  });
}
