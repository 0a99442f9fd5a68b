import type { BlockedQuery, Connections, PostgresExtras, Server } from '../core/postgres-details.ts';
import type { PostgresSession } from './postgres-connection.ts';
import * as look from './postgres-look.ts';

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

function showBlocker(row: BlockedQuery): BlockedQuery {
  return { ...row, by_query: look.showQuery(row.by_query) };
}
