import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { migrations } from './schema.ts';
import { storeName } from './store-name.ts';

export type Connection = Database.Database;

/** SQLite with the few pragmas that matter here; all SQL of the program stands in this folder. */
export interface SqlStore {
  readonly connection: Connection;
  /**
   * Runs `work` in one transaction: all of it is on disk afterwards, or none. A nested call is on disk when the outer
   * one is; when it throws, nothing of it stays, whatever the outer one goes on to do.
   */
  transaction<T>(work: () => T): T;
  /** Writes what can be done without: on a full disk it is left out, and said to be. */
  attempt(work: () => void): void;
  close(): void;
}

/** What SQLite says when there is no room: its own word, or that of the system below it. */
const noRoom: ReadonlySet<unknown> = new Set(['SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_IOERR_WRITE']);

/**
 * Opens (and if needed creates or upgrades) the store in `folder`; `:memory:` for tests.
 * `leftOut` is told of what a full disk had no room for. Throws when the file was written by a newer version, or cannot
 * be opened.
 */
export function openStore(folder: string, leftOut: (error: unknown) => void = () => undefined): SqlStore {
  const memory = folder === ':memory:';
  if (!memory) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = new Database(memory ? folder : join(folder, storeName));
  // WAL so that readers never block the writer; FULL because an alert that was accepted must survive a power loss.
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('busy_timeout = 2000');
  connection.pragma('foreign_keys = ON');
  migrate(connection);
  let depth = 0;
  return {
    connection,
    transaction(work) {
      depth += 1;
      try {
        return depth > 1 ? nested(connection, work) : connection.transaction(work)();
      } finally {
        depth -= 1;
      }
    },
    attempt(work) {
      try {
        work();
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && noRoom.has(error.code))) throw error;
        leftOut(error);
      }
    },
    close: () => {
      connection.close();
    },
  };
}

function nested<T>(connection: Connection, work: () => T): T {
  connection.exec('SAVEPOINT nested');
  try {
    const result = work();
    connection.exec('RELEASE nested');
    return result;
  } catch (error) {
    // A full disk may have rolled back everything already, and with it the savepoint.
    if (connection.inTransaction) connection.exec('ROLLBACK TO nested; RELEASE nested');
    throw error;
  }
}

function migrate(connection: Connection): void {
  const row = connection.prepare('SELECT user_version AS version FROM pragma_user_version').get();
  const version = typeof row === 'object' && row !== null && 'version' in row ? Number(row.version) : 0;
  if (version > migrations.length)
    throw new Error(`The data folder was written by a newer version (schema ${version}, known: ${migrations.length})`);
  migrations.slice(version).forEach((sql, index) => {
    connection.transaction(() => {
      connection.exec(sql);
      connection.exec(`PRAGMA user_version = ${version + index + 1}`);
    })();
  });
}
