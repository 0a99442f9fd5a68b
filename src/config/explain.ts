import type * as z from 'zod';
import { metricSources } from '../core/metric-source.ts';
import { reason } from '../core/reason.ts';
import { at, child, keysAt, nearest } from './keys.ts';
import type { ConfigMessage, Path } from './message.ts';
import { file, servedChecks, servedDrivers } from './schema.ts';
import { service, serviceOfAnyDriver } from './service-schema.ts';
import type { Source } from './source.ts';
import type { Mistake } from './values.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, in our words and with places. */
export function explain(issues: readonly Issue[], source: Source): readonly ConfigMessage[] {
  return issues.flatMap((issue) => explainOne(issue, toPath(issue.path), source));
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === 'number' ? part : String(part)));
}

function explainOne(issue: Issue, path: Path, source: Source): readonly ConfigMessage[] {
  if (ofLaterCheck(path, source)) return [];
  switch (issue.code) {
    case 'custom': {
      if (source.told(path)) return [];
      const { code, args } = issue.params as Mistake;
      return [source.message(path, reason(code, { ...source.found(path), ...args }))];
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => source.message([...path, key], sayUnknown(key, path, source), 'key'));
    case 'invalid_union':
      return [sayChoice(path, source), ...behindChoice(path, source)];
    case 'invalid_key':
      return [source.message(path, sayName(path), 'key')];
    case 'invalid_type': {
      if (source.told(path)) return [];
      const wanted = issue.expected === 'array' ? 'config-list' : 'config-map';
      return [source.message(path, reason(wanted, source.found(path)))];
    }
    default:
      throw new Error(`the schema uses a rule that has no words yet: ${issue.code} at ${path.join('.')}`);
  }
}

function sayUnknown(key: string, path: Path, source: Source) {
  const known = keysAt(file, source.value, path);
  const driver = path[0] === 'services' && path.length === 2 ? child(at(source.value, path), 'driver') : undefined;
  const drivers = service.options.filter((option) => key in option.shape).map((option) => option.shape.driver.value);
  if (typeof driver === 'string' && drivers.length > 0) {
    return reason('config-key-of-driver', { driver, drivers: drivers.join(', ') });
  }
  const near = nearest(key, known);
  const options = known.join(', ');
  return near === null
    ? reason('config-unknown-key', { options })
    : reason('config-unknown-key-near', { nearest: near, options });
}

/** A key that is a name of the operator's own, of a wrong shape. */
function sayName(path: Path) {
  switch (path.at(-2)) {
    case 'headers':
      return reason('config-header-name');
    case 'labels':
      return reason('config-label-name');
    default:
      return reason('config-variable-name');
  }
}

/** `driver`, `type` or `from` is not one of the words. */
function sayChoice(path: Path, source: Source): ConfigMessage {
  const words = { driver: servedDrivers, from: metricSources }[String(path.at(-1))] ?? servedChecks;
  const options = words.join(', ');
  return source.message(path, reason('config-one-of', { ...source.found(path), options }));
}

/** The other mistakes in a service whose driver is not known: they are not to come up one by one. */
function behindChoice(path: Path, source: Source): readonly ConfigMessage[] {
  if (path.at(-1) !== 'driver') return [];
  const entry = path.slice(0, -1);
  const issues = serviceOfAnyDriver.safeParse(at(source.value, entry)).error?.issues ?? [];
  return issues.flatMap((issue) => explainOne(issue, [...entry, ...toPath(issue.path)], source));
}

/** A check of a later version has keys that this one does not know; that it is not served is said elsewhere, once. */
function ofLaterCheck(path: Path, source: Source): boolean {
  if (path[0] !== 'services' || path[2] !== 'checks' || path.length < 4 || path.at(-1) === 'type') return false;
  const type = child(at(source.value, path.slice(0, 4)), 'type');
  return typeof type === 'string' && !servedChecks.includes(type);
}
