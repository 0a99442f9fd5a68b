import type { Metric } from '../core/health.ts';
import type { Balance, BalanceRow } from '../core/load-balance.ts';
import { shareOf } from '../core/panel-availability.ts';
import type { NodeView, PanelState } from '../core/panel-view.ts';
import type { Theme } from '../core/picture.ts';
import { type Bar, type BarRow, type BarsDrawing, lengthsOf, MOST_ROWS } from './bars.ts';
import type { Voice } from './spec.ts';

/** How a node stands, as the dot before its name. */
function healthOf({ state, trouble }: Pick<NodeView, 'state' | 'trouble'>): BarRow['health'] {
  if (state === 'disabled' || state === 'unknown') return 'unknown';
  if (state === 'up') return trouble === null ? 'good' : 'fair';
  return 'bad';
}

interface Column {
  readonly head: string;
  readonly unit: Metric['unit'];
  readonly width: number;
  readonly of: (row: BalanceRow) => number | null;
}

/**
 * The nodes of a panel side by side: users, traffic, and the number by which the shop bot chooses; whom it would choose
 * is marked, and whom it should. The busiest first; what does not fit is counted.
 */
export function balanceBars(theme: Theme, panel: PanelState, balance: Balance, voice: Voice): BarsDrawing {
  const own = balance.rows.filter((row) => row.panel === panel.id);
  const chosen = (row: BalanceRow) => isRow(row, balance.botPick) || isRow(row, balance.pick);
  const order = [...own].sort((a, b) => (b.share ?? 0) - (a.share ?? 0) || a.name.localeCompare(b.name));
  // Whom the bot chooses carries little traffic: exactly that one must not be cut off.
  const kept = new Set([...order.filter(chosen), ...order].slice(0, MOST_ROWS));
  const shown = order.filter((row) => kept.has(row));
  const columns = columnsOf(own, voice);
  const scaled = columns.map(({ of }) => lengthsOf(own.map(of)));
  const over = new Set(balance.conditions.flatMap(({ kind, key }) => (kind === 'share' ? [key] : [])));
  const views = new Map(panel.nodes.map((node) => [node.id, node]));
  const isWrong = (row: BalanceRow, of: Column['of']): boolean =>
    of === dayOf ? over.has(`share:${panel.id}:${row.node}`) : of === scoreOf && !row.up && isRow(row, balance.botPick);
  const rows = shown.map((row): BarRow => {
    const index = own.indexOf(row);
    const view = views.get(row.node);
    return {
      label: row.name,
      health: view === undefined ? 'unknown' : healthOf(view),
      bars: columns.map(({ unit, of }, column): Bar | null => {
        const value = of(row);
        const length = scaled[column]?.[index] ?? null;
        if (value === null || length === null) return null;
        return { length, value: sayValue(row, { unit, of }, value, voice), wrong: isWrong(row, of) };
      }),
      note: noteOf(row, balance, voice),
    };
  });
  return {
    ...{ kind: 'bars', theme, title: `${panel.name}: ${voice.word('panel-plot-balance')}` },
    columns: columns.map(({ head, width }, colour) => ({ head, width, colour })),
    rows,
    footer: footerOf(balance, own.length - shown.length, voice),
  };
}

const dayOf = (row: BalanceRow) => row.dayBytes;
const scoreOf = (row: BalanceRow) => row.botScore;

function columnsOf(rows: readonly BalanceRow[], { word }: Voice): readonly Column[] {
  const counted = rows.some(({ usersOnline }) => usersOnline !== null);
  const users: Column = counted
    ? { head: word('panel-bars-online'), unit: 'count', width: 7, of: ({ usersOnline }) => usersOnline }
    : { head: word('panel-bars-assumed'), unit: 'count', width: 7, of: ({ usersAssumed }) => usersAssumed };
  return [
    users,
    { head: word('panel-bars-day'), unit: 'bytes', width: 11, of: dayOf },
    { head: word('panel-bars-month'), unit: 'bytes', width: 9, of: ({ monthBytes }) => monthBytes },
    { head: word('panel-bars-score'), unit: 'count', width: 13, of: scoreOf },
  ];
}

/** Beside the day's traffic its share of the panel's; beside the bot's score the same with an eye on who is up. */
function sayValue(row: BalanceRow, { unit, of }: Pick<Column, 'unit' | 'of'>, value: number, { say }: Voice): string {
  const said = say({ name: '', value, unit });
  if (of === scoreOf) return `${said} / ${row.score === null ? '–' : say({ name: '', value: row.score, unit })}`;
  return of === dayOf && row.share !== null ? `${said} · ${Math.round(row.share * 100)} %` : said;
}

function isRow(row: BalanceRow, other: BalanceRow | null): boolean {
  return other !== null && row.panel === other.panel && row.node === other.node;
}

function noteOf(row: BalanceRow, { botPick, pick }: Balance, { word }: Voice): string {
  const [bots, ours] = [isRow(row, botPick), isRow(row, pick)];
  if (bots) return word(ours ? 'panel-bars-both' : 'panel-bars-bot');
  if (ours) return word('panel-bars-ours');
  return row.excluded ? word('panel-bars-excluded') : '';
}

function footerOf({ botPick, pick }: Balance, more: number, { word }: Voice): string {
  const chosen =
    botPick === null
      ? word('panel-bars-no-pick')
      : word(pick === null || isRow(pick, botPick) ? 'panel-bars-pick' : 'panel-bars-pick-better', {
          node: botPick.name,
          better: pick?.name ?? '',
        });
  return more > 0 ? `${word('chart-more', { more })} · ${chosen}` : chosen;
}

/** Of how much of the watched time each node was up, worst first, and how long it was not. */
export function availabilityBars(
  theme: Theme,
  panel: PanelState,
  sayLong: (ms: number) => string,
  { say, word }: Voice,
): BarsDrawing {
  const spans = [1, 7, 30];
  const shareIn = (node: NodeView, days: number) => {
    const share = shareOf(node.days, days);
    return share === null ? null : share.up / share.seen;
  };
  const order = panel.nodes
    .filter(({ state }) => state !== 'disabled')
    .toSorted((a, b) => (shareIn(a, 30) ?? 1) - (shareIn(b, 30) ?? 1) || a.name.localeCompare(b.name));
  const shown = order.slice(0, MOST_ROWS);
  const rows = shown.map((node): BarRow => {
    const month = shareOf(node.days, 30);
    const down = month === null ? 0 : month.seen - month.up;
    return {
      label: node.name,
      health: healthOf(node),
      bars: spans.map((days): Bar | null => {
        const share = shareIn(node, days);
        if (share === null) return null;
        return { length: share, value: sayShare(share, say), wrong: share < LOW };
      }),
      note: down < 1000 ? '' : `−${sayLong(down)}`,
    };
  });
  const more = order.length - shown.length;
  return {
    ...{ kind: 'bars', theme, title: `${panel.name}: ${word('panel-plot-days')}`, rows },
    columns: spans.map((days) => ({ head: word('panel-bars-days', { days }), width: 1, colour: null })),
    footer: more > 0 ? `${word('chart-more', { more })} · ${word('panel-bars-watched')}` : word('panel-bars-watched'),
  };
}

/** Less than this is painted as wrong: seven hours of a month. */
const LOW = 0.99;

/** 99.98 % must not read as 100 %. */
function sayShare(share: number, say: Voice['say']): string {
  const percent = Math.floor(share * 10_000) / 100;
  return percent >= 99.9 && percent < 100 ? `${percent.toFixed(2)} %` : say({ name: '', value: percent, unit: '%' });
}
