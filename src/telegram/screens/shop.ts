import { InlineKeyboard } from 'grammy';
import type { Figure } from '../../core/figure.ts';
import type { PaymentGroup, Revenue } from '../../core/shop-stats.ts';
import type { ShopReport } from '../../core/stores.ts';
import { html, type Language, sayReason, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import { sayDuration, sayTime, shorten } from '../say.ts';
import { asOf } from './list.ts';
import { none, type StoreScreen } from './stores.ts';

const SERVERS = 10;
const METHODS = 8;

/** The shop's own figures; what is missing says why, in its place. */
export function shopScreen(language: Language, { at, timezone, stats }: ShopReport): StoreScreen {
  const figure = <T>(name: string, found: Figure<T>, lines: (value: T) => readonly string[]): readonly string[] =>
    found.ok
      ? lines(found.value)
      : [
          `⚪ ${html(language, 'chat-shop-missing', {
            name: t(language, `chat-shop-name-${name}`),
            why: sayReason(language, found.reason),
          })}`,
        ];
  const say = (key: string, args: Readonly<Record<string, string | number>>) => html(language, key, args);
  const lines = [
    `<b>${html(language, 'chat-shop')}</b>`,
    ...figure('users', stats.users, (users) => [say('chat-shop-users', { users })]),
    ...figure('new', stats.newToday, (users) => [say('chat-shop-new', { users })]),
    ...figure('subscriptions', stats.subscriptions, (groups) => [say('chat-shop-subscriptions', { ...groups })]),
    ...figure('configs', stats.configs, (configs) => [say('chat-shop-configs', { configs })]),
    ...figure('servers', stats.configsByServer, (servers) =>
      servers
        .slice(0, SERVERS)
        .map(({ server, count }) => say('chat-shop-server', { server: shorten(server, 40), configs: count })),
    ),
    '',
    ...figure('today', stats.revenueToday, (sums) => [say('chat-shop-today', { sums: sayRevenue(language, sums) })]),
    ...figure('month', stats.revenueThisMonth, (sums) => [
      say('chat-shop-month', { sums: sayRevenue(language, sums) }),
    ]),
    ...figure('last', stats.lastPayment, (moment) => [
      say('chat-shop-last', { at: moment === null ? none : sayTime(language, moment, at, timezone) }),
    ]),
    ...figure('stuck', stats.stuck, ({ count, oldest }) => [
      `${count > 0 ? '⚠️ ' : ''}${say('chat-shop-stuck', {
        count,
        for: oldest === null ? '' : sayDuration(language, oldest * 1000),
      })}`,
    ]),
    ...figure('payments', stats.payments, (groups) => paymentLines(language, groups)),
    '',
    html(language, 'chat-shop-day', { timezone }),
    asOf(language, at, timezone),
  ];
  const buttons = new InlineKeyboard()
    .text(t(language, 'button-refresh'), encode({ kind: 'shop' }))
    .text(t(language, 'button-menu'), encode({ kind: 'home' }));
  return { text: lines.join('\n'), buttons };
}

/** Sums of one currency each: nobody adds stars to roubles. */
function sayRevenue(language: Language, sums: readonly Revenue[]): string {
  if (sums.length === 0) return t(language, 'chat-shop-nothing');
  return sums
    .map(({ currency, amount, payments }) => t(language, 'shop-sum', { amount, currency, payments }))
    .join(', ');
}

/** A line for each state, with the methods behind it. */
function paymentLines(language: Language, groups: readonly PaymentGroup[]): readonly string[] {
  if (groups.length === 0) return [html(language, 'chat-shop-payments-none')];
  const states = [...new Set(groups.map(({ status }) => status))];
  return [
    html(language, 'chat-shop-payments'),
    ...states.map((status) => {
      const own = groups.filter((group) => group.status === status);
      const methods = own.slice(0, METHODS).map(({ method, count }) => `${method} ${count}`);
      return html(language, 'chat-shop-payment', {
        status,
        count: own.reduce((sum, { count }) => sum + count, 0),
        methods: methods.join(', '),
      });
    }),
  ];
}
