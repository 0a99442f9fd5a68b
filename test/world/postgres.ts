import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/** Debian keeps the server's programs out of the PATH, one folder for each version. */
function binaries(): string {
  const versions = '/usr/lib/postgresql';
  const found = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const folder = found.map((version) => join(versions, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (folder === undefined) throw new Error('no PostgreSQL server on this machine: install the package postgresql');
  return folder;
}

/** The server refuses to run as root: then it runs as the user that its package made. */
function asItsUser(program: string, args: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [program, [...args]];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--', program, ...args]];
}

function ownerIds(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * A real PostgreSQL of one's own on a free loopback port, in a temporary folder, with an empty database `shop`. Roles log
 * in with their password (`secret`), its own superuser over the socket without one. `options`: `name=value` settings.
 */
export async function startPostgres(...options: readonly string[]) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'orbit-postgres-'));
  if (process.getuid?.() === 0) {
    const { uid, gid } = ownerIds();
    chownSync(folder, uid, gid);
  }
  const bin = binaries();
  const data = join(folder, 'data');
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256'];
  const how = ['--username=root', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'];
  await run(...asItsUser(join(bin, 'initdb'), ['-D', data, ...auth, ...how]));

  let server = await launch();
  const clients: pg.Client[] = [];

  async function launch(): Promise<ChildProcess> {
    const settings = ['fsync=off', 'log_min_messages=log', 'autovacuum=off', ...options].flatMap((each) => [
      '-c',
      each,
    ]);
    const place = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port)];
    const child = spawn(...asItsUser(join(bin, 'postgres'), [...place, ...settings]), {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const end = (): boolean => child.kill('SIGQUIT');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(`postgres did not start:\n${said}`)));
      child.once('error', reject);
    });
    return child;
  }

  /** A connection as superuser (or as `user`), which is ended with the server. */
  async function connect(database = 'shop', user = 'root'): Promise<pg.Client> {
    const client = new pg.Client({ host: folder, port, database, user, application_name: 'test' });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  }

  async function stopServer(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    // "Fast": ends the sessions instead of waiting for them.
    server.kill('SIGINT');
    await ended;
  }

  const first = await connect('postgres');
  await first.query('CREATE DATABASE shop');
  await first.end();

  return {
    port,
    folder,
    connect,
    urlFor: (user: string, password = 'secret', database = 'shop') =>
      `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
    stopServer,
    async restart(): Promise<void> {
      await stopServer();
      server = await launch();
    },
    async stop(): Promise<void> {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      await stopServer();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The least rights that the manager needs to watch, as the README tells them; without `pg_monitor` for the half of it. */
export async function addMonitor(admin: pg.Client, name = 'orbit_monitor', { sees = true, limit = 3 } = {}) {
  await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret' CONNECTION LIMIT ${limit}`);
  await admin.query(`GRANT CONNECT ON DATABASE shop TO ${name}`);
  await admin.query(`GRANT USAGE ON SCHEMA public TO ${name}`);
  if (sees) await admin.query(`GRANT pg_monitor TO ${name}`);
}
