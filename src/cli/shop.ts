import type { Figure } from '../core/figure.ts';
import { sayReason, t } from '../i18n.ts';
import { sayDuration, sayMetric } from '../measures.ts';
import { localTime } from './alerts.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { ShopReply } from './store-protocol.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Terminal } from './terminal.ts';

type Report = Extract<ShopReply, { ok: true }>['value'];

/** `orbit users stats`: the shop's own figures. */
export async function showShop(
  client: Pick<ControlClient, 'shop'>,
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  const asked = await client.shop();
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const found = asked.value;
  if (!found.ok) return reportFailure(terminal, { ...found, code: 'failed' }, json);
  if (json) printJson(terminal, found.value);
  else for (const line of shopLines(found.value, terminal)) terminal.out(line);
  return exitCodes.ok;
}

/** A row for each figure; one that is missing says why. */
export function shopLines({ stats, timezone }: Report, { say, paint, language }: Terminal): readonly string[] {
  const count = (value: number) => sayMetric(language, { name: '', value, unit: 'count' });
  const row = <T>(name: string, figure: Figure<T>, said: (value: T) => string): readonly Cell[] => [
    { text: say(`cli-shop-${name}`), colour: 'dim' },
    figure.ok ? { text: said(figure.value) } : { text: sayReason(language, figure.reason), colour: 'yellow' },
  ];
  const sums = (all: readonly { currency: string; amount: number; payments: number }[]) =>
    all.length === 0
      ? '0'
      : all.map(({ currency, amount, payments }) => t(language, 'shop-sum', { amount, currency, payments })).join(', ');
  const rows = [
    row('users', stats.users, count),
    row('new', stats.newToday, count),
    row('subscriptions', stats.subscriptions, (groups) => say('cli-shop-groups', { ...groups })),
    row('configs', stats.configs, count),
    row('servers', stats.configsByServer, (all) => all.map(({ server, count: n }) => `${server} ${n}`).join(', ')),
    row('today', stats.revenueToday, sums),
    row('month', stats.revenueThisMonth, sums),
    row('last', stats.lastPayment, (at) => (at === null ? '–' : localTime(at))),
    row('stuck', stats.stuck, ({ count: n, oldest }) =>
      oldest === null ? count(n) : `${count(n)} (${sayDuration(language, oldest * 1000)})`,
    ),
    row('payments', stats.payments, (all) =>
      all.map(({ status, method, count: n }) => `${status}/${method} ${n}`).join(', '),
    ),
  ];
  return [...alignedTable(rows, paint), paint('dim', say('cli-shop-day', { timezone }))];
}
