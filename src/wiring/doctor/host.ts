import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { createRenderer } from '../../charts/renderer.ts';
import { gridSpec } from '../../charts/spec.ts';
import { readClock } from '../../checks/host-clock.ts';
import type { Config } from '../../config/schema.ts';
import type { Finding } from '../../core/finding.ts';
import { watchFolder } from '../../drivers/watch-folder.ts';
import { freeBytes } from '../../store/free-space.ts';
import { storeName } from '../../store/store-name.ts';
import { findings } from './findings.ts';

/** As in package.json. */
const OLDEST_NODE = [20, 19] as const;
const MB = 2 ** 20;
/** Below it no samples are kept any more (store/samples.ts). */
const LEAST_FREE = 64 * MB;
const LITTLE_FREE = 512 * MB;

export function examineNode(version: string): Finding {
  const { ok, wrong } = findings('node');
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  const fine = major > oldest || (major === oldest && minor >= oldestMinor);
  return fine ? ok('node', { version }) : wrong('node-old', { version, needed: OLDEST_NODE.join('.') }, 'node');
}

/** The data folder: there, ours alone, with room. `file`: the `.env` beside the manager. */
export function examineData({ data_dir: folder }: Pick<Config, 'data_dir'>, file: string): readonly Finding[] {
  const { ok, note, wrong } = findings('data');
  const found: Finding[] = [];
  const account = accountName();
  const there = statOf(folder);
  if (there === null) {
    if (canWrite(nearest(folder))) found.push(ok('data-none', { folder }));
    else found.push(wrong('data-forbidden', { folder, account }, 'data-owner'));
  } else if (!there.isDirectory()) found.push(wrong('data-no-folder', { folder }, 'data-no-folder'));
  else {
    const store = statOf(join(folder, storeName));
    if (!canWrite(folder) || (store !== null && !canWrite(join(folder, storeName))))
      found.push(wrong('data-forbidden', { folder, account }, 'data-owner'));
    else found.push(ok('data', { folder }));
    // Root may do everything, and leaves files behind that the manager's account may not write.
    if (there.uid !== process.getuid?.())
      found.push(note('data-foreign', { folder, uid: String(there.uid), account }, 'data-foreign'));
    if ((there.mode & 0o077) !== 0) found.push(note('data-open', { folder }, 'data-open'));
  }
  const free = freeBytes(nearest(folder));
  const room = { folder, free: Math.floor((free ?? 0) / MB) };
  if (free !== null && free < LEAST_FREE) found.push(wrong('disk-full', room, 'disk'));
  else if (free !== null && free < LITTLE_FREE) found.push(note('disk-little', room, 'disk'));
  const env = statOf(file);
  if (env !== null && (env.mode & 0o077) !== 0) found.push(wrong('env-open', { file }, 'env-open'));
  return found;
}

/** In a container the user may have no entry in passwd. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}

function nearest(folder: string): string {
  return statOf(folder) !== null || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the clock is right, the kernel tells of changes, and a picture can be drawn (font, canvas and thread are there). */
export async function examineHost(watch = watchFolder): Promise<readonly Finding[]> {
  const { ok, note, wrong, because } = findings('host');
  const clock = await readClock(AbortSignal.timeout(3000));
  const found: Finding[] = [
    clock.state === 'synchronised'
      ? ok('clock')
      : clock.state === 'drifting'
        ? wrong('clock-drifts', {}, 'clock')
        : note('clock-unknown', {}, 'clock'),
  ];
  const watcher = watch(tmpdir(), () => undefined);
  watcher?.close();
  if (watcher === null) found.push(note('watches-none', {}, 'watches'));
  const renderer = createRenderer({ log: pino({ level: 'silent' }) });
  const voice = { locale: 'en-GB', say: () => '', word: () => '' };
  const frame = { theme: 'dark', title: 'Тест', from: 0, to: 1000, timezone: 'UTC' } as const;
  const drawn = await renderer.render(gridSpec(frame, [], voice));
  await renderer.close();
  found.push(drawn.ok ? ok('pictures') : because('wrong', drawn.reason, 'pictures'));
  return found;
}

/** Whether the port can be had. Only where no manager runs: else it is that manager's. */
export async function examineHttp({ http }: Pick<Config, 'http'>, running: boolean): Promise<readonly Finding[]> {
  const { ok, note } = findings('http');
  if (http === null) return [];
  const { host, port, token } = http;
  const where = { address: `${host}:${port}` };
  const found: Finding[] = [];
  if (!running) {
    const problem = await new Promise<string | null>((resolve) => {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      server.listen(port, host, () => server.close(() => resolve(null)));
    });
    found.push(problem === null ? ok('http', where) : note('http-taken', { ...where, problem }, 'http-taken'));
  }
  const loopback = /^(127\.|::1$|localhost$)/.test(host);
  if (token !== null && !loopback) found.push(note('http-open', where, 'http-open'));
  return found;
}
