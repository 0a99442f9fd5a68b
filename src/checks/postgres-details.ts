import type { Figure, PostgresSession } from './postgres-connection.ts';
import * as look from './postgres-look.ts';
import type { Connections, Server } from './postgres-queries.ts';

/** What only somebody who looks gets to see. Queries are shown without the texts in them, and cut. */
export interface PostgresExtras {
  readonly applications: readonly look.Application[];
  /** Longest transaction first. */
  readonly running: readonly look.RunningQuery[];
  readonly blocked: readonly look.BlockedQuery[];
  readonly unusedIndexes: readonly look.UnusedIndex[];
  readonly checkpoints: Figure<look.Checkpoints>;
  readonly vacuums: readonly look.Vacuum[];
  /** null: pg_stat_statements is not installed in this database. Most time first, since its last reset. */
  readonly statements: Figure<readonly look.Statement[]> | null;
  /** Needs a lock on each table for a moment. */
  readonly sizes: Figure<readonly look.TableSize[]>;
}

/** Asks for all of it. */
export async function readPostgresExtras(
  session: PostgresSession,
  server: Server,
  connections: Connections,
): Promise<PostgresExtras> {
  const [extension] = await session.all(look.statementsSchema);
  const shown = <Row extends { readonly query: string }>(rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, query: look.showQuery(row.query) }));
  return {
    applications: await session.all(look.applications),
    running: shown(await session.all(look.running)),
    blocked: connections.waiting === 0 ? [] : shown(await session.all(look.blocked)).map(showBlocker),
    unusedIndexes: await session.all(look.unusedIndexes),
    checkpoints: await session.figure(() => session.one(look.checkpoints(server.version_number))),
    vacuums: await session.all(look.vacuums),
    statements:
      extension === undefined
        ? null
        : await session.figure(async () =>
            shown(await session.all(look.topStatements(extension.schema, server.version_number))),
          ),
    sizes: await session.figure(() => session.all(look.exactSizes)),
  };
}

function showBlocker(row: look.BlockedQuery): look.BlockedQuery {
  return { ...row, by_query: look.showQuery(row.by_query) };
}
