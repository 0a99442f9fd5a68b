import { Socket } from 'node:net';
import pg from 'pg';

/** Settings of every session, also when the role has the right to more: operators give us the bot's own role. */
const settings: Readonly<Record<string, string>> = {
  application_name: 'orbit-manager',
  statement_timeout: '3000',
  lock_timeout: '500',
  idle_in_transaction_session_timeout: '10000',
  options: '-c default_transaction_read_only=on',
  // `sslmode=require` means what it means to every other client: encrypted, whoever signed the certificate.
  uselibpqcompat: 'true',
};

/** What of an address's own parameters is taken over: where to connect and how, nothing about the session. */
const takenOver: readonly string[] = [
  'host',
  'port',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
];

/** The address as pg reads it; null when it is none. Knows the `postgresql+asyncpg://` of SQLAlchemy. */
function connectionString(url: string): string | null {
  const parts = /^postgres(?:ql)?(?:\+\w+)?:\/\/([^?]*)(?:\?(.*))?$/i.exec(url.trim());
  if (parts === null) return null;
  const own = new URLSearchParams(parts[2] ?? '');
  const query = new URLSearchParams();
  for (const name of takenOver) {
    const value = own.get(name);
    if (value !== null) query.set(name, value);
  }
  const ssl = own.get('ssl');
  if (ssl !== null && !query.has('sslmode')) query.set('sslmode', ssl === 'true' ? 'require' : ssl);
  for (const [name, value] of Object.entries(settings)) query.set(name, value);
  // A blank has to stand as %20: pg reads the rest of the address in the way of addresses, not of forms.
  return `postgresql://${parts[1]}?${query.toString().replaceAll('+', '%20')}`;
}

/** Whether {@link createClient} understands an address. */
export function isPostgresUrl(url: string): boolean {
  try {
    createClient(url);
    return true;
  } catch {
    return false;
  }
}

/** 64-bit and arbitrary numbers as numbers: counters and bytes stay far below 2^53. */
const numbers: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

/** A client that is not connected yet, and its socket, by which it can be let go of at once. Throws for no address. */
export function createClient(url: string): { client: pg.Client; socket: Socket } {
  const address = connectionString(url);
  if (address === null) throw new TypeError('no address of a PostgreSQL');
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: address,
    stream: () => socket,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        numbers.has(oid) ? Number : pg.types.getTypeParser(oid, format ?? 'text'),
    },
  });
  return { client, socket };
}
