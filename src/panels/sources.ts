import type { CoreLogs, PanelKind } from '../core/panel-view.ts';
import { type Reason, reason } from '../core/reason.ts';
import { panelAddress } from './address.ts';
import { fromDatabaseRows, type Query, readPanelTable } from './database-source.ts';
import { type PanelSource, unsaid } from './panel.ts';

/** One entry of `panels:`. What is null is taken from the shop's table, when it knows the panel too. */
export interface PanelConfig {
  readonly id: string;
  readonly name: string | null;
  readonly base_url: string | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly api_key: string | null;
  readonly kind: PanelKind | null;
  readonly insecure_tls: boolean;
  readonly certificate_hosts: readonly string[];
  readonly service: string | null;
  readonly auto_reconnect: boolean | null;
  readonly core_logs: CoreLogs | null;
}

/** What holds for every panel that does not say otherwise. */
export interface PanelDefaults {
  readonly autoReconnect: boolean;
  readonly coreLogs: CoreLogs;
}

export interface SourceList {
  readonly panels: readonly PanelSource[];
  /** Why the shop's table could not be read this time: the list is what was known before. */
  readonly databaseProblem: Reason | null;
}

export interface SourceOptions {
  /** Null: no shop database is configured. */
  readonly query: Query | null;
  /** The manager's environment, then those of the shop's `env_file`s; the first that names a panel counts. */
  readonly environments: () => readonly Readonly<Record<string, string | undefined>>[];
  /** Looked at with each load. */
  readonly config: readonly PanelConfig[];
  readonly defaults?: PanelDefaults;
}

/** The id of the one panel that an environment describes; the shop bot calls it so in its cache. */
const ENVIRONMENT_ID = 'default';

/**
 * Where the panels are: the shop's table when it is there, else its environment; `panels:` of our own configuration
 * comes on top and wins field by field. A database that is away changes nothing.
 */
export function createPanelSources(options: SourceOptions) {
  const { query, environments } = options;
  let known: readonly PanelSource[] | null = null;

  async function load(): Promise<SourceList> {
    const own = fromConfig(options.config);
    const merge = (found: readonly PanelSource[]) => mergePanels(own, found, options.defaults);
    if (query === null) return { panels: merge(firstOf(environments())), databaseProblem: null };
    const table = await readPanelTable(query);
    if (!table.ok) return { panels: merge(known ?? firstOf(environments())), databaseProblem: table.reason };
    known = table.value === null ? firstOf(environments()) : fromDatabaseRows(table.value);
    return { panels: merge(known), databaseProblem: null };
  }

  return { load };
}

function firstOf(environments: readonly Readonly<Record<string, string | undefined>>[]): readonly PanelSource[] {
  return environments.map(fromEnvironment).find((found) => found.length > 0) ?? [];
}

/** The single panel of an environment: the shop's newer names (`PANEL_*`), or its older ones (`MARZBAN_*`). */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): readonly PanelSource[] {
  const pick = (...names: readonly string[]) => names.map((name) => env[name]?.trim()).find((value) => value) ?? null;
  const named = pick('PANEL_HOST') !== null ? 'PANEL' : pick('MARZBAN_BASE_URL') !== null ? 'MARZBAN' : null;
  if (named === null) return [];
  const address = panelAddress(pick(named === 'PANEL' ? 'PANEL_HOST' : 'MARZBAN_BASE_URL') ?? '');
  const username = pick(`${named}_USERNAME`);
  const password = env[`${named}_PASSWORD`] || null;
  const missing = username && password ? null : reason('panel-no-credentials', { where: `${named}_USERNAME` });
  return [
    {
      ...blank,
      id: ENVIRONMENT_ID,
      name: address.ok ? new URL(address.baseUrl).host : ENVIRONMENT_ID,
      origin: 'environment',
      baseUrl: address.ok ? address.baseUrl : '',
      username: username ?? '',
      password: password ?? '',
      problem: address.ok ? missing : address.reason,
    },
  ];
}

const blank = {
  kind: 'marzban',
  apiKey: null,
  active: true,
  priority: 100,
  excludedNodeNames: [],
  insecureTls: false,
  certificateHosts: [],
  ...unsaid,
} as const;

/** The entries of `panels:`; what an entry leaves open is marked as a problem until a merge fills it. */
export function fromConfig(panels: readonly PanelConfig[]): readonly PanelOverride[] {
  return panels.map((panel): PanelOverride => {
    const address = panel.base_url === null ? null : panelAddress(panel.base_url);
    return {
      panel,
      baseUrl: address?.ok ? address.baseUrl : null,
      problem: address && !address.ok ? address.reason : null,
    };
  });
}

export interface PanelOverride {
  readonly panel: PanelConfig;
  readonly baseUrl: string | null;
  readonly problem: Reason | null;
}

/**
 * `found` in their order, each with what the configuration says of it (matched by id, else by address), then the
 * panels that only the configuration knows. Of two found with one address and account the first stays: asking one panel
 * twice would count its users twice.
 */
export function mergePanels(
  overrides: readonly PanelOverride[],
  found: readonly PanelSource[],
  defaults: PanelDefaults = unsaid,
): readonly PanelSource[] {
  const seen = new Set<string>();
  const distinct = found.filter((each) => {
    const key = `${each.baseUrl} ${each.username}`;
    if (each.baseUrl !== '' && seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const used = new Set<PanelOverride>();
  const merged = distinct.map((each) => {
    const match = overrides.find(
      ({ panel, baseUrl }) => panel.id === each.id || (baseUrl !== null && baseUrl === each.baseUrl),
    );
    if (match === undefined) return { ...each, ...defaults };
    used.add(match);
    return overlay(each, match, defaults);
  });
  const own = overrides.filter((each) => !used.has(each)).map((each) => overlay(null, each, defaults));
  return [...merged, ...own];
}

function overlay(
  base: PanelSource | null,
  { panel, baseUrl, problem }: PanelOverride,
  defaults: PanelDefaults,
): PanelSource {
  const username = panel.username ?? base?.username ?? '';
  const password = panel.password ?? base?.password ?? '';
  const where = panel.id;
  const address = baseUrl ?? base?.baseUrl ?? '';
  const unproven = panel.api_key === null && (username === '' || password === '');
  return {
    ...(base ?? { ...blank, origin: 'config' as const }),
    id: base?.id ?? panel.id,
    name: panel.name ?? base?.name ?? panel.id,
    kind: panel.kind ?? base?.kind ?? blank.kind,
    baseUrl: address,
    username,
    password,
    apiKey: panel.api_key,
    insecureTls: panel.insecure_tls,
    certificateHosts: panel.certificate_hosts,
    autoReconnect: panel.auto_reconnect ?? defaults.autoReconnect,
    coreLogs: panel.core_logs ?? defaults.coreLogs,
    service: panel.service,
    problem:
      problem ??
      (address === '' ? reason('panel-address') : unproven ? reason('panel-no-credentials', { where }) : null),
  };
}
