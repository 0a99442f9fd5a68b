import * as z from 'zod';
import { coreLogs, panelKinds } from '../core/panel-view.ts';
import { check, checkId } from './check-schema.ts';
import { command } from './command.ts';
import { metric } from './metric-schema.ts';
import {
  anyText,
  cron,
  deadline,
  duration,
  flag,
  integer,
  interval,
  limit,
  list,
  oneOf,
  oneOfCapitals,
  optional,
  section,
  shaped,
  size,
  text,
  webAddress,
} from './values.ts';

/** Fits into a Telegram button's data, a file name and a metric's label. */
export const serviceName = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/**
 * A VPN panel: one that nothing else describes, or what is to be different about one of the shop's table or environment,
 * which is known by its id or its address. What is left out is taken from there.
 */
const panel = z.strictObject({
  id: text,
  name: optional(text),
  base_url: optional(webAddress),
  username: optional(text),
  password: optional(text),
  /** PasarGuard: instead of user name and password. */
  api_key: optional(text),
  kind: optional(oneOf(...panelKinds)),
  /** true: its certificate is not looked at. For one that nobody vouches for; whoever stands between could read all. */
  insecure_tls: flag.prefault(false),
  /** Further hosts whose certificate is watched, such as that of the subscriptions; with a port if it is not 443. */
  certificate_hosts: list(shaped('config-host', /^[^\s/@]{1,253}$/)),
  /** The service that it runs as on this host: its screen offers to restart it. Default: found where there is no doubt. */
  service: optional(text),
  /** As the check of type panel says it for all of them. */
  auto_reconnect: optional(flag),
  core_logs: optional(oneOf(...coreLogs)),
});

/**
 * Something done by the clock, in `monitoring.timezone`. What is meant for an hour that a clock change leaves out is
 * done right after it; what is meant for an hour that comes twice is done once.
 */
const scheduled = z.strictObject({
  /** Five fields (six: with seconds). */
  cron,
  /** A restart leaves alone what somebody has stopped. */
  action: oneOf('start', 'stop', 'restart'),
  /** unhealthy_dependency: not while something in `depends_on` is down or unhealthy. */
  skip_if: optional(oneOf('unhealthy_dependency')),
});

/** A rule on a number of a check: an alert of its own while it is beyond the limit. */
const alertRule = z.strictObject({
  /** Name of the number, as `orbit health` shows it; `disk` stands for `disk:/`, `disk:/var` and so on. */
  metric: shaped('config-metric-name', /^[a-z0-9][a-z0-9_-]*(?::.+)?$/i),
  /** Only of the check with this id. Default: of each that has such a number. */
  check: optional(shaped('config-check-id', checkId)),
  /** Told when it is above this: 90, 90%, 5gb, 800ms. */
  over: optional(limit),
  /** Told when it is below this; either `over` or `under`. */
  under: optional(limit),
  /** And has been for so long. */
  for: duration.prefault('1m'),
  /** Over when it is back at this. Default: 5 % inside the limit. */
  clear: optional(limit),
  level: oneOf('info', 'warning', 'error', 'critical').prefault('warning'),
});

/** What every service has. */
const common = {
  /** false: known, but neither started nor watched. */
  enabled: flag.prefault(true),
  /** How people read it. Default: its name. */
  title: optional(text),
  /** When the manager restarts it by itself: always, on-failure (exit code not 0, or a signal), never. */
  restart_policy: oneOf('always', 'on-failure', 'never').prefault('always'),
  /** So many exits inside `restart_window` are borne; then the manager gives up, with a critical incident. */
  max_restarts: integer(0, 1000).prefault(5),
  /** The window in which exits are counted. */
  restart_window: interval.prefault('10m'),
  /** Delay before the first restart; doubles with each further one. 0: at once. */
  restart_delay: duration.prefault('10s'),
  /** What the delay grows to. */
  max_restart_delay: duration.prefault('5m'),
  /** Up for so long: the delay is back at its first value. */
  stable_after: duration.prefault('60s'),
  /** So long after `stop_signal` whatever is left of its process tree gets SIGKILL. */
  stop_timeout: duration.prefault('20s'),
  /** No verdict on its health so soon after its start. */
  start_grace: duration.prefault('10s'),
  /** Services that have to be up first: start order, recovery waits for them, their alerts stand for this one's. */
  depends_on: list(text),
  /** Over this for three samples in a row: restarted. Bytes, or `512mb`, `2gb`. */
  max_memory: optional(size),
  /** How often its checks are asked. */
  health_check_interval: interval.prefault('30s'),
  /** How long one check may take. */
  health_check_timeout: deadline.prefault('10s'),
  /** Failures in a row before it is unhealthy (two successes in a row make it healthy again). */
  health_check_retries: integer(1, 100).prefault(3),
  /** VPN panels, beside those of the shop's table or environment. */
  panels: list(panel),
  /** Actions by the clock: `[{ cron: "0 5 * * *", action: restart, skip_if: unhealthy_dependency }]`. */
  schedule: list(scheduled),
  /** Numbers of one's own, charted and open to rules like those of checks. */
  metrics: list(metric),
  /** Rules on the checks' numbers: `[{ metric: cpu, over: 90, for: 5m, clear: 80, level: warning }]`. */
  alerts: list(alertRule),
  /**
   * Whether to warn of what stays degraded, and of open files over 80 % of their limit. `alerts` hold in any case, and one
   * about the same number takes the place of such a warning.
   */
  default_alerts: flag.prefault(true),
};

/** What a service has that the manager starts itself. */
const launched = {
  /** Working folder; relative to the configuration file. Default: the folder of that file. */
  cwd: optional(text),
  /** Variables of its environment. It gets PATH, HOME, LANG, USER, TZ, these and those of `env_file`; nothing else. */
  env: section(z.record(shaped('config-variable-name', /^[A-Za-z_][A-Za-z0-9_]*$/), anyText)),
  /** File of variables (`NAME=value` lines); relative to `cwd`. `env` wins. */
  env_file: optional(text),
  /** Its output; relative to `cwd`. Default: a file in the data folder. */
  log_file: optional(text),
  /** Over this its beginning is moved to `<log>.1` while the service goes on writing. null: never. */
  log_max_size: size.nullable().prefault('50mb'),
  /** So many older parts are kept. */
  log_keep: integer(1, 100).prefault(5),
  /** The signal that asks it to stop. */
  stop_signal: oneOfCapitals('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGKILL').prefault(
    'SIGTERM',
  ),
};

/** Without `checks:`, what has a process is asked whether it is there; `checks: []` asks nothing. */
const checks = z.preprocess((found) => found ?? [{ type: 'process' }], z.array(check).readonly());

const processKeys = {
  ...common,
  ...launched,
  checks,
  /**
   * Program and arguments as a list: `[venv/bin/python, run.py]`. Text is split into words as a shell would (quotes,
   * backslash), but no shell ever runs it: `|`, `>`, `&&`, `$NAME` are refused.
   */
  command,
};

const tmuxKeys = {
  ...common,
  ...launched,
  checks,
  /** As for `process`; left out: a session that is there is adopted and watched, but cannot be started. */
  command: optional(command),
  /** Exact name of the tmux session. */
  tmux_session: shaped('config-tmux-session', /^\w[\w-]{0,63}$/),
  /** tmux server: a name (`tmux -L`) or a path (`tmux -S`). Default: the user's own. */
  tmux_socket: optional(text),
};

/** What has somebody else to look after it too. */
const foreign = {
  ...common,
  checks: list(check),
  /** true: only the manager restarts it. false: where it has a restart policy of its own, that is counted and told. */
  takeover: flag.prefault(false),
};

const systemdKeys = {
  ...foreign,
  /** Name of the unit; a service unless it ends otherwise. */
  unit: text,
  /** true: a unit of the user that the manager runs as, not of the machine. */
  user: flag.prefault(false),
};

const dockerKeys = {
  ...foreign,
  /** Name of the container. */
  container: optional(text),
  /** Name of the compose project instead: all its containers, unless `compose_service` names one. */
  compose: optional(text),
  /** Which service of that project, where it has several. */
  compose_service: optional(text),
  /** The engine's socket. Default: that of DOCKER_HOST, else /var/run/docker.sock. */
  docker_socket: optional(text),
};

const externalKeys = { ...common, checks: list(check) };

/** One entry of `services:`. */
export const service = z.discriminatedUnion('driver', [
  z.strictObject({ driver: z.literal('process'), ...processKeys }),
  z.strictObject({ driver: z.literal('tmux'), ...tmuxKeys }),
  z.strictObject({ driver: z.literal('systemd'), ...systemdKeys }),
  z.strictObject({ driver: z.literal('docker'), ...dockerKeys }),
  z.strictObject({ driver: z.literal('external'), ...externalKeys }),
]);

/** For the other mistakes in an entry whose driver is missing or wrong. */
export const serviceOfAnyDriver = z
  .strictObject({ driver: z.unknown(), ...systemdKeys, ...dockerKeys, ...processKeys, ...tmuxKeys })
  .partial();
