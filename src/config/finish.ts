import { basename, dirname } from 'node:path';
import type * as z from 'zod';
import { unitOf } from '../core/metric-source.ts';
import type { Environment, Settings } from './environment.ts';
import { expandPath } from './paths.ts';
import type { AdminConfig, CheckConfig, Config, file, MetricConfig, ServiceConfig } from './schema.ts';

type File = z.output<typeof file>;
type Service = File['services'][string];

/** Puts a file that was found right together with the environment: absolute paths, names filled in, frozen. */
export function finish(value: File, path: string, settings: Settings, env: Environment): Config {
  const enabled = Object.entries(value.services).filter(([, service]) => service.enabled);
  const names = new Set(enabled.map(([name]) => name));
  return freeze<Config>({
    path,
    data_dir: settings.dataDir,
    services: enabled.map(([name, service]) => finishService(name, service, names, dirname(path), settings, env)),
    admins: finishAdmins(value.admins, settings.owners),
    shop: { database_url: settings.databaseUrl, environment: settings.panel },
    telegram: { token: settings.token, api_root: settings.apiRoot, proxy: settings.proxy, ...value.telegram },
    monitoring: value.monitoring,
    http: value.http === null ? null : { ...value.http, token: settings.httpToken },
    logging: value.logging,
  });
}

function finishService(
  name: string,
  service: Service,
  names: ReadonlySet<string>,
  base: string,
  settings: Settings,
  env: Environment,
): ServiceConfig {
  const common = {
    name,
    title: service.title ?? name,
    // Only the first delay may have been set; it is not to be cut by the default of the longest.
    max_restart_delay: Math.max(service.max_restart_delay, service.restart_delay),
    depends_on: service.depends_on.filter((other) => names.has(other)),
    checks: finishChecks(service, (path, from) => expandPath(path, from ?? base, env)),
    metrics: finishMetrics(service, settings, (path, from) => expandPath(path, from ?? base, env)),
  };
  // Assigned, not spread: V8 gives each spread of what zod has parsed a shape of its own, and looking into hundreds of
  // services of as many shapes takes it many times as long.
  if (service.driver === 'docker') {
    const { docker_socket } = service;
    return Object.assign({}, service, common, { docker_socket: docker_socket && expandPath(docker_socket, base, env) });
  }
  if (service.driver !== 'process' && service.driver !== 'tmux') return Object.assign({}, service, common);
  const cwd = expandPath(service.cwd ?? '.', base, env);
  const inside = (path: string | null) => (path === null ? null : expandPath(path, cwd, env));
  const files = { cwd, env_file: inside(service.env_file), log_file: inside(service.log_file) };
  if (service.driver === 'process') return Object.assign({}, service, common, files);
  const socket = service.tmux_socket;
  const isName = socket === null || basename(socket) === socket;
  return Object.assign({}, service, common, files, { tmux_socket: isName ? socket : expandPath(socket, base, env) });
}

/**
 * Gives each check an id of its own: the one in the file, else its type, else its type and a number. `expand` makes paths
 * absolute, from a folder or from that of the file.
 */
function finishChecks(service: Service, expand: (path: string, from?: string) => string): readonly CheckConfig[] {
  const taken = new Set(service.checks.map((check) => check.id));
  const folder = expand('cwd' in service ? (service.cwd ?? '.') : '.');
  return service.checks.map((check) => {
    let id: string = check.id ?? check.type;
    for (let n = 2; check.id === null && taken.has(id); n++) id = `${check.type}-${n}`;
    taken.add(id);
    switch (check.type) {
      case 'http':
        return { ...check, id, timeout: check.timeout ?? service.health_check_timeout };
      case 'tls':
        return { ...check, id, ca_file: check.ca_file && expand(check.ca_file) };
      case 'command':
        return { ...check, id, cwd: expand(check.cwd ?? '.', folder) };
      case 'log':
        return { ...check, id, path: expand(check.path ?? logOf(service) ?? '.', folder) };
      default:
        return { ...check, id };
    }
  });
}

/** Units as they are kept, folders absolute; what is counted in a database without an address, in the shop's. */
function finishMetrics(
  service: Service,
  { databaseUrl }: Settings,
  expand: (path: string, from?: string) => string,
): readonly MetricConfig[] {
  const folder = expand('cwd' in service ? (service.cwd ?? '.') : '.');
  return service.metrics.map((metric) => {
    const unit = unitOf(metric.unit, metric.rate);
    switch (metric.from) {
      case 'command':
        return { ...metric, unit, cwd: expand(metric.cwd ?? '.', folder) };
      case 'sql-count':
        return { ...metric, unit, url: metric.url ?? databaseUrl };
      default:
        return { ...metric, unit };
    }
  });
}

/** A log check without a path of its own looks into this; that it is there was checked before. */
function logOf(service: Service): string | null {
  return 'log_file' in service ? service.log_file : null;
}

/** Owners from the environment first; `admins:` says more about them, but does not take their role. */
function finishAdmins(admins: File['admins'], owners: readonly number[]): readonly AdminConfig[] {
  const nobody = {
    name: null,
    language: null,
    timezone: null,
    quiet_hours: null,
    level: 'info',
    tier: 'first',
  } as const;
  const first = owners.map((id) => ({
    ...nobody,
    ...admins.find((admin) => admin.id === id),
    id,
    role: 'owner' as const,
  }));
  return [...first, ...admins.filter(({ id }) => !owners.includes(id))];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}
