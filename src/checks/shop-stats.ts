import * as z from 'zod';
import type { Figure } from '../core/figure.ts';
import type { ShopStats } from '../core/shop-stats.ts';
import type { PostgresSession } from './postgres-connection.ts';
import { query } from './postgres-queries.ts';
import { type Column, needColumns, type ShopTable, shopColumns } from './shop-columns.ts';

const number = z.number();
const count = { count: number };
const money = { currency: z.string(), amount: number, payments: number };

/** Reads the figures one by one, each on its own: a table that is locked or missing costs only what it holds. */
export async function readShopStats(session: PostgresSession, timezone: string): Promise<ShopStats> {
  const found = await session.all(shopColumns);
  const user = (await session.one(query('SELECT current_user::text AS name', { name: z.string() }))).name;

  async function figure<T>(
    table: ShopTable,
    wanted: readonly (readonly string[])[],
    read: (from: string, ...columns: readonly Column[]) => Promise<T>,
  ): Promise<Figure<T>> {
    const needed = needColumns(found, user, table, ...wanted);
    return needed.ok ? session.figure(() => read(needed.table, ...needed.columns)) : needed;
  }

  const revenueSince = (unit: 'day' | 'month') =>
    figure('payments', paid, (from, status, amount, currency, confirmed, created) =>
      session.all(
        query(
          `SELECT coalesce(${sql(currency)}::text, '?') AS currency, sum(${sql(amount)})::numeric AS amount, count(*) AS payments
           FROM ${from} WHERE ${sql(status)} = 'confirmed' AND ${sql(confirmed)} IS NOT NULL AND ${sql(confirmed)} >= ${startOf(unit, confirmed)}
              OR ${sql(status)} = 'confirmed' AND ${sql(confirmed)} IS NULL AND ${sql(created)} >= ${startOf(unit, created)}
           GROUP BY 1 ORDER BY 3 DESC, 1`,
          money,
        ),
        timezone,
      ),
    );

  return {
    users: await figure('users', [['tg_id', 'id']], async (from) => {
      return (await session.one(query(`SELECT count(*) AS count FROM ${from}`, count))).count;
    }),
    newToday: await figure('users', [['@created_at']], async (from, created) => {
      const sinceMidnight = query(
        `SELECT count(*) AS count FROM ${from} WHERE ${sql(created)} >= ${startOf('day', created)}`,
        count,
      );
      return (await session.one(sinceMidnight, timezone)).count;
    }),
    subscriptions: await figure('users', [['@subscription_end', '@sub_end']], (from, end) =>
      session.one(
        query(
          `SELECT count(*) FILTER (WHERE ${sql(end)} > ${nowFor(end)}) AS active,
                  count(*) FILTER (WHERE ${sql(end)} <= ${nowFor(end)}) AS ended,
                  count(*) FILTER (WHERE ${sql(end)} IS NULL) AS never FROM ${from}`,
          { active: number, ended: number, never: number },
        ),
      ),
    ),
    configs: await figure('configs', [['deleted']], async (from, deleted) => {
      const live = query(`SELECT count(*) AS count FROM ${from} WHERE ${sql(deleted)} IS NOT TRUE`, count);
      return (await session.one(live)).count;
    }),
    configsByServer: await figure('configs', [['server_id'], ['deleted']], (from, server, deleted) =>
      session.all(
        query(
          `SELECT coalesce(${sql(server)}::text, '?') AS server, count(*) AS count FROM ${from}
           WHERE ${sql(deleted)} IS NOT TRUE GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50`,
          { server: z.string(), count: number },
        ),
      ),
    ),
    payments: await figure('payments', [['status'], ['method']], (from, status, method) =>
      session.all(
        query(
          `SELECT coalesce(${sql(status)}::text, '?') AS status, coalesce(${sql(method)}::text, '?') AS method, count(*) AS count
           FROM ${from} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50`,
          { status: z.string(), method: z.string(), count: number },
        ),
      ),
    ),
    stuck: await figure('payments', [['status'], ['@created_at']], (from, status, created) =>
      session.one(
        query(
          `SELECT count(*) AS count, extract(epoch FROM max(${nowFor(created)} - ${sql(created)})) AS oldest
           FROM ${from} WHERE ${sql(status)} = 'pending' AND ${sql(created)} < ${nowFor(created)} - interval '1 hour'`,
          { count: number, oldest: number.nullable() },
        ),
      ),
    ),
    revenueToday: await revenueSince('day'),
    revenueThisMonth: await revenueSince('month'),
    lastPayment: await figure('payments', [['@confirmed_at']], async (from, confirmed) => {
      const { at } = await session.one(
        query(`SELECT extract(epoch FROM max(${utc(confirmed)})) AS at FROM ${from}`, { at: number.nullable() }),
      );
      return at === null ? null : Math.round(at * 1000);
    }),
  };
}

/** What a sum of money is made from; a payment that lacks the moment of its confirmation counts when it was made. */
const paid = [['status'], ['amount'], ['currency'], ['@confirmed_at'], ['@created_at']] as const;

function sql(column: Column | undefined): string {
  return column?.sql ?? 'NULL';
}

/** Moments without a zone are UTC in the shop's tables. */
function nowFor(column: Column | undefined): string {
  return column?.zoned ? 'now()' : "(now() AT TIME ZONE 'utc')";
}

function utc(column: Column | undefined): string {
  return column?.zoned ? sql(column) : `(${sql(column)} AT TIME ZONE 'utc')`;
}

/** The last midnight, or the last first of a month, in the zone $1. */
function startOf(unit: 'day' | 'month', column: Column | undefined): string {
  const start = `(date_trunc('${unit}', now() AT TIME ZONE $1) AT TIME ZONE $1)`;
  return column?.zoned ? start : `(${start} AT TIME ZONE 'utc')`;
}
