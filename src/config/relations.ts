import { reason } from '../core/reason.ts';
import { check } from './check-schema.ts';
import { at, nearest } from './keys.ts';
import type { ConfigMessage, Path } from './message.ts';
import { servedChecks, servedDrivers } from './served.ts';
import { service, serviceName } from './service-schema.ts';
import type { Source } from './source.ts';
import { duration, flag, limit } from './values.ts';

const knownDrivers: readonly string[] = service.options.map((option) => option.shape.driver.value);
const knownChecks: readonly string[] = check.options.map((option) => option.shape.type.value);

/**
 * The mistakes that no single value shows: names that lead nowhere, cycles, two of what may be there once, words of a
 * later version. Looks at the file as it is, so that these are told together with the mistakes in single values.
 */
export function checkRelations(source: Source): readonly ConfigMessage[] {
  const value = source.value;
  const names = keysOf(at(value, ['services']));
  const none = names.length === 0 && ['nothing', 'map'].includes(source.found(['services']).shape);
  return [
    ...(none ? [source.message(['services'], reason('config-no-services', source.found(['services'])))] : []),
    ...names.flatMap((name) => checkService(name, names, source)),
    ...findCycles(names, source),
    ...findSharedSessions(names, source),
    ...findTwins(listAt(value, ['admins']), 'id', 'config-admin-twice', ['admins'], source),
    ...checkTopic(source),
    ...listAt(value, ['monitoring', 'maintenance']).flatMap((_, index) =>
      checkNames(['monitoring', 'maintenance', index, 'services'], names, source),
    ),
  ];
}

function checkService(name: string, names: readonly string[], source: Source): readonly ConfigMessage[] {
  const value = source.value;
  const path = ['services', name];
  const messages: ConfigMessage[] = [];
  if (!serviceName.test(name)) messages.push(source.message(path, reason('config-service-name'), 'key'));

  // What is switched off may use the words of a later version: it does nothing.
  if (isEnabled(name, source)) {
    const driver = at(value, [...path, 'driver']);
    if (typeof driver === 'string' && knownDrivers.includes(driver) && !servedDrivers.includes(driver)) {
      messages.push(sayNotServed([...path, 'driver'], driver, servedDrivers, source));
    }
    listAt(value, [...path, 'checks']).forEach((_, index) => {
      const place = [...path, 'checks', index, 'type'];
      const type = at(value, place);
      if (typeof type === 'string' && knownChecks.includes(type) && !servedChecks.includes(type)) {
        messages.push(sayNotServed(place, type, servedChecks, source));
      }
    });
  }

  listAt(value, [...path, 'checks']).forEach((_, index) => {
    const place = [...path, 'checks', index];
    const method = at(value, [...place, 'method']);
    if (
      typeof method === 'string' &&
      method.toUpperCase() === 'HEAD' &&
      at(value, [...place, 'body_matches']) != null
    ) {
      messages.push(source.message([...place, 'body_matches'], reason('config-head-has-no-body')));
    }
  });
  messages.push(
    ...findTwins(listAt(value, [...path, 'checks']), 'id', 'config-check-twice', [...path, 'checks'], source),
  );

  messages.push(...checkNames([...path, 'depends_on'], names, source));
  messages.push(...checkPanels([...path, 'panels'], names, source));
  messages.push(...checkContainer(path, source));
  messages.push(...checkLogs(path, source));
  messages.push(...checkRules(path, source));
  messages.push(...checkMetrics(path, source));

  const first = duration.safeParse(at(value, [...path, 'restart_delay'])).data;
  const most = duration.safeParse(at(value, [...path, 'max_restart_delay'])).data;
  if (first !== undefined && most !== undefined && most < first) {
    const place = [...path, 'max_restart_delay'];
    messages.push(source.message(place, reason('config-delays-crossed', source.found(place))));
  }
  return messages;
}

/** A list of services, each of which has to be there. */
function checkNames(path: Path, names: readonly string[], source: Source): readonly ConfigMessage[] {
  return listAt(source.value, path).flatMap((found, index) => {
    const other = String(found);
    return names.includes(other) ? [] : [sayNoService([...path, index], other, names, source)];
  });
}

function sayNoService(place: Path, wanted: string, names: readonly string[], source: Source): ConfigMessage {
  const near = nearest(wanted, names);
  const args = { ...source.found(place), options: names.join(', ') };
  const why =
    near === null ? reason('config-no-service', args) : reason('config-no-service-near', { ...args, nearest: near });
  return source.message(place, why);
}

/** What a panel runs as has to be something that can be restarted. */
function checkPanels(path: Path, names: readonly string[], source: Source): readonly ConfigMessage[] {
  return listAt(source.value, path).flatMap((panel, index) => {
    const wanted = at(panel, ['service']);
    if (typeof wanted !== 'string') return [];
    const place = [...path, index, 'service'];
    if (!names.includes(wanted)) return [sayNoService(place, wanted, names, source)];
    const watched = at(source.value, ['services', wanted, 'driver']) === 'external';
    return watched ? [source.message(place, reason('config-panel-service-watched', source.found(place)))] : [];
  });
}

/** A container is named in one way. */
function checkContainer(path: Path, source: Source): readonly ConfigMessage[] {
  if (at(source.value, [...path, 'driver']) !== 'docker') return [];
  const isSet = (key: string) => at(source.value, [...path, key]) != null;
  if (!isSet('container') && !isSet('compose')) return [source.message(path, reason('config-container-none'), 'key')];
  if (isSet('container') && isSet('compose'))
    return [source.message([...path, 'compose'], reason('config-container-twice'), 'key')];
  if (isSet('compose_service') && !isSet('compose'))
    return [source.message([...path, 'compose_service'], reason('config-compose-service-alone'), 'key')];
  return [];
}

/** A log that is looked into has to be somewhere. */
function checkLogs(path: Path, source: Source): readonly ConfigMessage[] {
  if (at(source.value, [...path, 'log_file']) != null) return [];
  return listAt(source.value, [...path, 'checks']).flatMap((check, index) => {
    if (at(check, ['type']) !== 'log' || at(check, ['path']) != null) return [];
    return [source.message([...path, 'checks', index, 'type'], reason('config-log-nowhere'))];
  });
}

/** A number's name is that of a check, too. */
function checkMetrics(path: Path, source: Source): readonly ConfigMessage[] {
  const metrics = listAt(source.value, [...path, 'metrics']);
  const ids = listAt(source.value, [...path, 'checks']).map((check) => at(check, ['id']) ?? at(check, ['type']));
  const taken = new Set<unknown>(['process', ...ids]);
  return metrics.flatMap((metric, index) => {
    const name = at(metric, ['name']);
    const place = [...path, 'metrics', index, 'name'];
    const twin = typeof name === 'string' && taken.has(name);
    taken.add(name);
    return twin ? [source.message(place, reason('config-metric-twice', source.found(place)))] : [];
  });
}

/** A rule has one limit, an end on its right side, and a check that is there. */
function checkRules(path: Path, source: Source): readonly ConfigMessage[] {
  const ids = listAt(source.value, [...path, 'checks']).map((check) => at(check, ['id']) ?? at(check, ['type']));
  const names = listAt(source.value, [...path, 'metrics']).map((metric) => at(metric, ['name']));
  const known = new Set(['process', ...ids, ...names].filter((id) => typeof id === 'string'));
  return listAt(source.value, [...path, 'alerts']).flatMap((rule, index) => {
    const place = [...path, 'alerts', index];
    const [over, under, clear] = ['over', 'under', 'clear'].map((key) => at(rule, [key]) ?? null);
    const messages: ConfigMessage[] = [];
    if ((over === null) === (under === null))
      messages.push(source.message(place, reason(over === null ? 'config-rule-no-limit' : 'config-rule-two-limits')));
    const edge = limit.safeParse(over ?? under).data;
    const end = clear === null ? undefined : limit.safeParse(clear).data;
    const crossed =
      edge !== undefined && end !== undefined && (over !== null ? end.value > edge.value : end.value < edge.value);
    const clearPlace = [...place, 'clear'];
    if (crossed) messages.push(source.message(clearPlace, reason('config-rule-clear', source.found(clearPlace))));
    const check = at(rule, ['check']);
    const checkPlace = [...place, 'check'];
    if (typeof check === 'string' && !known.has(check) && !/-\d+$/.test(check)) {
      const args = { ...source.found(checkPlace), options: [...known].join(', ') };
      messages.push(source.message(checkPlace, reason('config-rule-no-check', args)));
    }
    return messages;
  });
}

function sayNotServed(path: Path, word: string, served: readonly string[], source: Source): ConfigMessage {
  return source.message(path, reason('config-not-served', { word, options: served.join(', ') }));
}

/** Each cycle once, at the first of its services in the file. */
function findCycles(names: readonly string[], source: Source): readonly ConfigMessage[] {
  const messages: ConfigMessage[] = [];
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): void => {
    const start = way.indexOf(name);
    if (start !== -1) {
      const first = way[start] ?? name;
      const next = way[start + 1] ?? name;
      const index = dependencies(first, source).indexOf(next);
      const cycle = [...way.slice(start), name].join(' → ');
      messages.push(source.message(['services', first, 'depends_on', index], reason('config-cycle', { cycle })));
      return;
    }
    if (done.has(name)) return;
    for (const other of dependencies(name, source)) if (names.includes(other)) walk(other, [...way, name]);
    done.add(name);
  };
  for (const name of names) walk(name, []);
  return messages;
}

function findSharedSessions(names: readonly string[], source: Source): readonly ConfigMessage[] {
  const owners = new Map<string, string>();
  const messages: ConfigMessage[] = [];
  for (const name of names) {
    const session = at(source.value, ['services', name, 'tmux_session']);
    if (typeof session !== 'string' || !isEnabled(name, source)) continue;
    const socket = at(source.value, ['services', name, 'tmux_socket']) ?? '';
    const id = `${socket}\n${session}`;
    const other = owners.get(id);
    if (other === undefined) owners.set(id, name);
    else messages.push(source.message(['services', name, 'tmux_session'], reason('config-session-twice', { other })));
  }
  return messages;
}

/** Entries of a list that have the same value under `key`; told at the later one. */
function findTwins(
  entries: readonly unknown[],
  key: string,
  code: string,
  path: Path,
  source: Source,
): readonly ConfigMessage[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const value = at(entry, [key]);
    if (value === undefined || value === null) return [];
    const twin = seen.has(String(value));
    seen.add(String(value));
    const place = [...path, index, key];
    return twin ? [source.message(place, reason(code, source.found(place)))] : [];
  });
}

function checkTopic(source: Source): readonly ConfigMessage[] {
  const value = source.value;
  const alone = at(value, ['telegram', 'alert_topic']) != null && at(value, ['telegram', 'alert_chat']) == null;
  return alone ? [source.message(['telegram', 'alert_topic'], reason('config-topic-alone'))] : [];
}

/** Whether a service is to be served, as far as the file says so in a way that can be read. */
function isEnabled(name: string, source: Source): boolean {
  return flag.safeParse(at(source.value, ['services', name, 'enabled'])).data !== false;
}

function dependencies(name: string, source: Source): readonly string[] {
  return listAt(source.value, ['services', name, 'depends_on']).map(String);
}

function listAt(value: unknown, path: Path): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
