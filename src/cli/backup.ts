import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sayReason } from '../i18n.ts';
import { sayMetric } from '../measures.ts';
import { backUp } from '../store/backup.ts';
import { exitCodes, printJson } from './outcome.ts';
import type { Terminal } from './terminal.ts';

/** `orbit backup [file]`: a copy of the store, whether or not the manager runs. */
export function makeBackup(terminal: Terminal, store: string, wanted: string | null, now: Date, json: boolean): number {
  const file = target(wanted, now);
  const done = backUp(store, file);
  const { language, say } = terminal;
  if (!done.ok) {
    const message = sayReason(language, done.reason);
    if (json) printJson(terminal, { ok: false, error: { code: done.reason.code, message } });
    else terminal.err(message);
    return exitCodes.failed;
  }
  if (json) printJson(terminal, { ok: true, file, bytes: done.bytes });
  else {
    const size = sayMetric(language, { name: '', value: done.bytes, unit: 'bytes' });
    terminal.out(say('cli-backup-done', { file, size }));
    terminal.hint(say('cli-backup-restore', { store }));
  }
  return exitCodes.ok;
}

/** Without a name, or in a folder, the name tells the time. */
function target(wanted: string | null, now: Date): string {
  const stamp = [
    now.getFullYear(),
    now.getMonth() + 1,
    now.getDate(),
    now.getHours(),
    now.getMinutes(),
    now.getSeconds(),
  ]
    .map((part) => String(part).padStart(2, '0'))
    .join('');
  const usual = `orbit-${stamp.slice(0, 8)}-${stamp.slice(8)}.db`;
  if (wanted === null) return resolve(usual);
  const path = resolve(wanted);
  return existsSync(path) && statSync(path).isDirectory() ? join(path, usual) : path;
}
