import { isDeepStrictEqual } from 'node:util';
import type { ConfigDiff, SectionChange, ServiceChange } from '../core/reload.ts';
import type { Config, ServiceConfig } from './schema.ts';

/** A running process has these from its start. */
const keysOfStart: ReadonlySet<string> = new Set(['command', 'cwd', 'env', 'env_file', 'log_file']);
/** Where the service is found: with another one of these the same name means another thing. */
const keysOfIdentity: ReadonlySet<string> = new Set([
  ...[
    'driver',
    'tmux_session',
    'tmux_socket',
    'unit',
    'user',
    'container',
    'compose',
    'compose_service',
    'docker_socket',
  ],
]);
/** What the manager reads anew at each use; the rest of the sections is built into its parts. */
const liveKeys: ReadonlySet<string> = new Set([
  ...['min_interval', 'repeat_every', 'escalate_after'].map(ofAlerts),
  ...['monitoring.maintenance', 'monitoring.digest'],
]);

function ofAlerts(key: string): string {
  return `monitoring.alerts.${key}`;
}

/** What is different in `after`: names of keys, never their values. Services in the order of `after`, then the removed. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  return { services: diffServices(before.services, after.services), sections: diffSections(before, after) };
}

function diffServices(before: readonly ServiceConfig[], after: readonly ServiceConfig[]): readonly ServiceChange[] {
  const old = new Map(before.map((service) => [service.name, service]));
  const kept = new Set(after.map(({ name }) => name));
  const changes = after.flatMap((service): ServiceChange[] => {
    const known = old.get(service.name);
    if (known === undefined) return [{ change: 'added', service: service.name }];
    const keys = changedKeys(known, service);
    if (keys.length === 0) return [];
    const otherThing = keys.filter((key) => keysOfIdentity.has(key));
    const nextStart = keys.filter((key) => keysOfStart.has(key));
    const now = keys.filter((key) => !keysOfIdentity.has(key) && !keysOfStart.has(key));
    return [{ change: 'changed', service: service.name, now, nextStart, otherThing }];
  });
  const removed = before.filter(({ name }) => !kept.has(name));
  return [...changes, ...removed.map(({ name }): ServiceChange => ({ change: 'removed', service: name }))];
}

function diffSections(before: Config, after: Config): readonly SectionChange[] {
  const keys = ['admins', 'shop', 'telegram', 'monitoring', 'http', 'logging', 'data_dir'] as const;
  return keys
    .flatMap((key) => changedPaths(key, before[key], after[key]))
    .map((key) => ({ key, holds: liveKeys.has(key) ? 'now' : 'manager-restart' }));
}

/** The deepest keys that differ; a list or a section that is only there on one side counts as a whole. */
function changedPaths(path: string, before: unknown, after: unknown): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isSection(before) || !isSection(after)) return [path];
  return changedKeys(before, after).flatMap((key) =>
    changedPaths(`${path}.${key}`, Reflect.get(before, key), Reflect.get(after, key)),
  );
}

function changedKeys(before: object, after: object): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(Reflect.get(before, key), Reflect.get(after, key)));
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
