import { type Document, isMap, isScalar, isSeq } from 'yaml';
import { type Reason, reason } from '../core/reason.ts';
import type { Environment } from './environment.ts';
import type { ConfigMessage, Path } from './message.ts';
import { servedDrivers } from './served.ts';
import type { Yaml } from './yaml.ts';

/**
 * Takes a file that was written for the seed (the Python manager of 2025) into today's keys, within the document, so
 * that every value keeps its place. What has a successor is moved; the rest is taken out, with a warning each.
 */

/** The seed's services had no `driver`: it knew them by name. */
const seedServices = ['telegram_bot', 'marzban_monitor', 'redis', 'postgres'] as const;

/** The seed's own default. */
const seedSession = 'orbitvpn_bot';

const login = reason('config-seed-login');
const logFiles = reason('config-seed-log-files');
const prometheus = reason('config-seed-prometheus');

/** Keys without a successor, and why. */
const gone: readonly (readonly [Path, Reason])[] = [
  [['services', 'telegram_bot', 'process_name'], reason('config-seed-process')],
  [['services', 'marzban_monitor', 'auto_detect_instances'], reason('config-seed-always')],
  [['services', 'marzban_monitor', 'load_balance_check'], reason('config-seed-always')],
  [['services', 'redis', 'check_memory'], reason('config-seed-always')],
  [['services', 'postgres', 'check_connections'], reason('config-seed-always')],
  [['monitoring', 'web_dashboard', 'auth_enabled'], login],
  [['monitoring', 'web_dashboard', 'secret_key'], login],
  [['monitoring', 'web_dashboard', 'admin_users'], login],
  [['monitoring', 'web_dashboard', 'session_timeout'], login],
  [['monitoring', 'alerts', 'telegram_enabled'], reason('config-seed-telegram')],
  [['monitoring', 'alerts', 'alert_levels'], reason('config-seed-levels')],
  [['monitoring', 'metrics', 'prometheus_export'], prometheus],
  [['monitoring', 'metrics', 'prometheus_port'], prometheus],
  [['logging', 'max_size_mb'], logFiles],
  [['logging', 'backup_count'], logFiles],
  [['logging', 'log_dir'], logFiles],
];

/** Stores that the seed asked by the shop's own address: what became a check of that type, and which key of it. */
const stores = [
  { name: 'redis', variable: 'REDIS_URL', key: 'max_latency_ms' },
  { name: 'postgres', variable: 'DATABASE_URL', key: 'slow_query_threshold' },
] as const;

/** Rewrites the document in place. To be done before variables are put in: those of keys that are gone are not missed. */
export function readSeed(yaml: Yaml, env: Environment): readonly ConfigMessage[] {
  const { document } = yaml;
  const warnings: ConfigMessage[] = [];
  const warn = (path: Path, why: Reason) => warnings.push(yaml.message(path, why, 'key'));

  for (const [path, why] of gone) {
    if (!document.hasIn(path)) continue;
    warn(path, why);
    document.deleteIn(path);
  }
  for (const name of seedServices) {
    const entry = ['services', name];
    move(document, [...entry, 'check_interval'], [...entry, 'health_check_interval']);
  }
  giveChecks(document, env, warn);
  giveDrivers(yaml, warn);
  moveDashboard(yaml, warn);
  moveAdmins(document);
  return warnings;
}

/** All were asked without a word about it: now by a check; the stores when the environment says where they are. */
function giveChecks(document: Document, env: Environment, warn: (path: Path, why: Reason) => void): void {
  const panels = ['services', 'marzban_monitor'];
  if (isMap(document.getIn(panels)) && !['driver', 'checks'].some((each) => document.hasIn([...panels, each])))
    document.setIn([...panels, 'checks'], document.createNode([{ type: 'panel' }]));
  for (const { name, variable, key } of stores) {
    const entry = ['services', name];
    if (!isMap(document.getIn(entry))) continue;
    const own = ['driver', 'checks'].some((each) => document.hasIn([...entry, each]));
    const off = document.getIn([...entry, 'enabled']) === false;
    if (!own && !off && env[variable]) {
      document.setIn([...entry, 'checks'], document.createNode([{ type: name, url: `\${${variable}}` }]));
      move(document, [...entry, key], [...entry, 'checks', 0, key]);
      continue;
    }
    if (!own && !off) warn(entry, reason('config-seed-no-address', { variable }));
    if (document.hasIn([...entry, key])) {
      if (own) warn([...entry, key], reason('config-seed-moved', { check: name }));
      document.deleteIn([...entry, key]);
    }
  }
}

/** What the seed knew by name gets its driver; what this version cannot watch yet is switched off. */
function giveDrivers({ document }: Yaml, warn: (path: Path, why: Reason) => void): void {
  const services = document.get('services');
  if (!isMap(services)) return;
  for (const { key } of services.items) {
    if (!isScalar(key)) continue;
    const entry = ['services', String(key.value)];
    if (!isMap(document.getIn(entry)) || document.hasIn([...entry, 'driver'])) continue;
    const seed = seedServices.find((name) => name === key.value);
    if (document.hasIn([...entry, 'tmux_session'])) document.setIn([...entry, 'driver'], 'tmux');
    else if (seed === 'telegram_bot' && !document.hasIn([...entry, 'command'])) {
      document.setIn([...entry, 'driver'], 'tmux');
      document.setIn([...entry, 'tmux_session'], seedSession);
      warn(entry, reason('config-seed-session', { session: seedSession }));
    } else if (seed !== undefined && seed !== 'telegram_bot') {
      document.setIn([...entry, 'driver'], 'external');
      if (servedDrivers.includes('external') || document.getIn([...entry, 'enabled']) === false) continue;
      document.setIn([...entry, 'enabled'], false);
      warn(entry, reason('config-seed-watched'));
    }
  }
}

/** `monitoring.web_dashboard` becomes `http`, with whatever else stands in it, unless `http` is there too. */
function moveDashboard({ document }: Yaml, warn: (path: Path, why: Reason) => void): void {
  const old = ['monitoring', 'web_dashboard'];
  if (!document.hasIn(old)) return;
  const off = document.getIn([...old, 'enabled']) === false;
  document.deleteIn([...old, 'enabled']);
  if (document.has('http')) {
    warn(old, reason('config-seed-dashboard'));
    document.deleteIn(old);
  } else if (off) {
    document.deleteIn(old);
    document.set('http', null);
  } else move(document, old, ['http']);
}

/** `monitoring.alerts.admin_chat_ids` becomes entries of `admins`, for whom is not there already. */
function moveAdmins(document: Document): void {
  const old = ['monitoring', 'alerts', 'admin_chat_ids'];
  if (!document.hasIn(old)) return;
  const ids = document.getIn(old);
  document.deleteIn(old);
  if (!isSeq(ids)) return;
  if (!isSeq(document.get('admins'))) document.set('admins', document.createNode([]));
  const admins = document.get('admins');
  if (!isSeq(admins)) return;
  const known = new Set(admins.items.map((entry) => (isMap(entry) ? String(entry.get('id')) : '')));
  for (const id of ids.items) {
    if (known.has(String(isScalar(id) ? id.value : id))) continue;
    admins.add(document.createNode({ id }));
  }
}

/** Moves a value with its place in the file, unless its successor is set. */
function move(document: Document, from: Path, to: Path): void {
  const node = document.getIn(from, true);
  if (node === undefined) return;
  document.deleteIn(from);
  if (!document.hasIn(to)) document.setIn(to, node);
}
