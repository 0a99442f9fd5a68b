import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { reason } from '../core/reason.ts';
import { aboutVariable, type ConfigMessage } from './message.ts';
import { expandPath } from './paths.ts';
import { userId } from './values.ts';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the manager takes from its environment. An empty variable counts as not set. */
export interface Settings {
  readonly token: string;
  readonly owners: readonly number[];
  readonly apiRoot: string | null;
  readonly proxy: string | null;
  readonly httpToken: string | null;
  readonly dataDir: string;
  /** The shop's database, where its panels are; may hold a password. */
  readonly databaseUrl: string | null;
  /** What describes a panel, see {@link panelVariables}. */
  readonly panel: Environment;
}

/** The shop bot's names for its one panel, the newer and the older ones. */
const panelVariables = [
  ...['PANEL_HOST', 'PANEL_USERNAME', 'PANEL_PASSWORD'],
  ...['MARZBAN_BASE_URL', 'MARZBAN_USERNAME', 'MARZBAN_PASSWORD'],
];

/**
 * The environment, with what `.env` in `cwd` adds; a real variable wins, also an empty one. No `.env` is fine; one that
 * cannot be read is a mistake: to go on without its token would only lead to a puzzling message.
 */
export function readEnvironment({ cwd, processEnv }: { readonly cwd: string; readonly processEnv: Environment }): {
  readonly env: Environment;
  readonly errors: readonly ConfigMessage[];
} {
  const file = join(cwd, '.env');
  try {
    return { env: { ...parseEnv(readFileSync(file, 'utf8')), ...processEnv }, errors: [] };
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : '';
    const mistake: ConfigMessage = {
      file,
      line: null,
      column: null,
      key: '',
      reason: reason('config-unreadable', { problem }),
    };
    return { env: processEnv, errors: problem === 'ENOENT' ? [] : [mistake] };
  }
}

/** Reads the manager's own variables. `cwd` is what a relative ORBIT_DATA_DIR is relative to. */
export function readSettings(
  env: Environment,
  cwd: string,
): { readonly settings: Settings; readonly errors: readonly ConfigMessage[] } {
  const errors: ConfigMessage[] = [];
  const take = (name: string): string | null => env[name]?.trim() || null;
  /** The values of variables are never told: most are secrets. */
  const wrong = (name: string, code: string) => {
    const shape = take(name) === null ? 'nothing' : 'hidden';
    errors.push(aboutVariable(name, reason(code, { shape, found: '' })));
  };

  const token = take('MANAGER_BOT_TOKEN') ?? '';
  if (!/^\d+:[\w-]{30,}$/.test(token)) wrong('MANAGER_BOT_TOKEN', 'config-bot-token');

  const words = (take('ADMIN_CHAT_IDS') ?? '').split(/[\s,;]+/).filter((word) => word !== '');
  const owners = words.map((word) => userId.safeParse(word).data);
  if (owners.includes(undefined)) wrong('ADMIN_CHAT_IDS', 'config-owners');

  const apiRoot = take('TELEGRAM_API_ROOT')?.replace(/\/+$/, '') ?? null;
  if (apiRoot !== null && !isAddress(apiRoot, /^https?:$/)) wrong('TELEGRAM_API_ROOT', 'config-api-root');

  const proxy = take('TELEGRAM_PROXY');
  if (proxy !== null && !isAddress(proxy, /^(socks5h?|https?):$/)) wrong('TELEGRAM_PROXY', 'config-proxy');

  const httpToken = take('HTTP_TOKEN');
  if (httpToken !== null && !/^[\x21-\x7e]+$/.test(httpToken)) wrong('HTTP_TOKEN', 'config-http-token');

  const settings: Settings = {
    token,
    owners: [...new Set(owners.filter((id) => id !== undefined))],
    apiRoot,
    proxy,
    httpToken,
    dataDir: expandPath(take('ORBIT_DATA_DIR') ?? './data', resolve(cwd), env),
    databaseUrl: take('DATABASE_URL'),
    panel: Object.fromEntries(panelVariables.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
  return { settings, errors };
}

function isAddress(value: string, protocols: RegExp): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocols.test(protocol) && hostname !== '';
}
