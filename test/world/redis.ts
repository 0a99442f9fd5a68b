import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';

/** The least rights that the manager needs to watch. */
export const watcherRights =
  'resetkeys %R~* resetchannels -@all +ping +info +dbsize +scan +type +ttl +memory|usage +memory|stats +slowlog|get ' +
  '+slowlog|len +latency|latest +latency|histogram +config|get +client|list +client|setname +select +hello';

/**
 * A real Redis of one's own, on a free loopback port in a temporary folder, without persistence unless `options` (as on
 * its command line) say otherwise. Ends with the test process at the latest.
 */
export async function startRedis(...options: readonly string[]) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'orbit-redis-'));
  let server = await launch();
  const admin = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  admin.on('error', () => {});

  async function launch(): Promise<ChildProcess> {
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    const child = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no', ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const end = (): boolean => child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await new Promise<void>((resolve, reject) => {
      let said = '';
      // Read on to the end: a server whose output nobody takes stands still one day.
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`redis-server did not start:\n${said}`)));
      child.once('error', reject);
    });
    return child;
  }

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  return {
    port,
    folder,
    url: `redis://127.0.0.1:${port}`,
    /** A client that may do everything. */
    admin,
    /** Makes the user `watcher` with the least rights; gives its address. */
    async addWatcher(rights = watcherRights): Promise<string> {
      await admin.call('ACL', 'SETUSER', 'watcher', 'on', '>sec:ret/1', ...rights.split(' '));
      return `redis://watcher:${encodeURIComponent('sec:ret/1')}@127.0.0.1:${port}`;
    },
    kill,
    async restart(): Promise<void> {
      await kill();
      server = await launch();
    },
    async stop(): Promise<void> {
      admin.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Writes `count` keys, `name(n)` → `value`, in pipelines. */
export async function fill(admin: Redis, count: number, name: (n: number) => string, value = 'x'): Promise<void> {
  for (let start = 0; start < count; start += 5000) {
    const pipeline = admin.pipeline();
    for (let n = start; n < Math.min(count, start + 5000); n++) pipeline.set(name(n), value, 'EX', 3600);
    await pipeline.exec();
  }
}

/** Empties it, then writes what the shop caches: 12,000 balances and 3,000 languages. */
export async function fillAsShop(admin: Redis): Promise<void> {
  await admin.call('FLUSHALL');
  await fill(admin, 12_000, (n) => `user:${n}:balance`);
  await fill(admin, 3000, (n) => `user:${n}:lang`);
}
