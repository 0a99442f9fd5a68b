import { type Reason, reason } from '../core/reason.ts';
import { sayReason, t } from '../i18n.ts';
import { headings } from './alerts.ts';
import type { ControlClient } from './client.ts';
import { exitCodes, printJson, reportFailure } from './outcome.ts';
import type { PanelList, PanelReport } from './panel-protocol.ts';
import { alignedTable, type Cell } from './table.ts';
import type { Colour, Terminal } from './terminal.ts';

const colourOf: Readonly<Record<PanelReport['health'], Colour>> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
  unknown: 'dim',
};

/** `orbit marzban list`: every panel in a line, worst first. */
export async function listAllPanels(
  client: Pick<ControlClient, 'panels'>,
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  const asked = await client.panels();
  if (!asked.ok) return reportFailure(terminal, asked, json);
  if (json) printJson(terminal, asked.value);
  else for (const line of panelLines(asked.value, terminal)) terminal.out(line);
  return exitCodes.ok;
}

/** `orbit marzban check <id>`: asks a panel everything now; fails when something is wrong with it. */
export async function checkOnePanel(
  client: Pick<ControlClient, 'checkPanel'>,
  terminal: Terminal,
  id: string,
  json: boolean,
): Promise<number> {
  const asked = await client.checkPanel(id);
  if (!asked.ok) return reportFailure(terminal, asked, json);
  const panel = asked.value;
  if (panel === null) {
    const why = reason('control-unknown-panel', { panel: id });
    reportFailure(terminal, { ok: false, code: 'unknown-service', reason: why }, json);
    return exitCodes.usage;
  }
  if (json) printJson(terminal, panel);
  else for (const line of checkLines(panel, terminal)) terminal.out(line);
  return panel.health === 'healthy' ? exitCodes.ok : exitCodes.failed;
}

export function panelLines({ panels, databaseProblem }: PanelList, terminal: Terminal): readonly string[] {
  const { say, paint, language } = terminal;
  const lines =
    databaseProblem === null
      ? []
      : [paint('yellow', t(language, 'panel-table-unread', { why: sayReason(language, databaseProblem) }))];
  if (panels.length === 0) return [...lines, say('cli-panels-none')];
  const rows = panels.map((panel): readonly Cell[] => [
    { text: panel.id, colour: 'bold' },
    { text: panel.name },
    stateCell(panel, terminal),
    { text: said(panel.users?.total) },
    { text: online(panel, terminal) },
    { text: `${panel.nodeCounts.up}/${panel.nodeCounts.total}` },
    {
      text: whyOf(panel)
        .map((each) => sayReason(language, each))
        .join('; '),
    },
  ]);
  return [
    ...lines,
    ...alignedTable([headings(say, ['id', 'panel', 'health', 'users', 'online', 'nodes', 'why']), ...rows], paint),
  ];
}

export function checkLines(panel: PanelReport, terminal: Terminal): readonly string[] {
  const { say, paint, language } = terminal;
  const head = [panel.name, panel.baseUrl, ...(panel.version === null ? [] : [panel.version])].join('  ');
  const { text, colour = 'dim' } = stateCell(panel, terminal);
  const nodes = panel.nodes.map((node): readonly Cell[] => [
    { text: node.name, colour: 'bold' },
    { text: say('node-state', { state: node.state }), ...(node.state === 'down' ? { colour: 'red' } : {}) },
    { text: node.address },
    { text: said(node.usersOnline) },
  ]);
  return [
    `${paint(colour, text)}  ${head}`,
    say('cli-panel-users', { total: said(panel.users?.total), online: online(panel, terminal) }),
    ...whyOf(panel).map((each) => paint('yellow', sayReason(language, each))),
    ...panel.conditions.flatMap(({ advice }) => (advice === null ? [] : [`  → ${sayReason(language, advice)}`])),
    ...(nodes.length === 0
      ? []
      : ['', ...alignedTable([headings(say, ['node', 'state', 'address', 'online']), ...nodes], paint)]),
  ];
}

function stateCell({ active, health }: PanelReport, { say }: Terminal): { text: string; colour?: Colour } {
  if (!active) return { text: say('cli-panel-inactive'), colour: 'dim' };
  return { text: say(`cli-health-${health}`), colour: colourOf[health] };
}

function whyOf({ problem, conditions, error }: PanelReport): readonly Reason[] {
  if (problem !== null) return [problem];
  if (conditions.length > 0) return conditions.map((each) => each.reason);
  return error === null ? [] : [error.reason];
}

/** What a panel calls online is anything from "now" to "today". */
function online({ users, onlineWindowS }: PanelReport, { say }: Terminal): string {
  if (users === null || users.online === null) return '–';
  return say('panel-online', { users: users.online, window: windowOf(onlineWindowS) });
}

function windowOf(seconds: number | null): string {
  if (seconds === null) return 'unknown';
  if (seconds === 0) return 'now';
  return seconds >= 86_400 ? 'day' : 'minutes';
}

function said(count: number | null | undefined): string {
  return count === null || count === undefined ? '–' : String(count);
}
