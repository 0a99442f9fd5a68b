import { type FluentFunction, FluentNumber } from '@fluent/bundle';
import { type Metric, metricUnits } from './core/health.ts';
import { hasMessage, type Language, t } from './i18n.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time (ms) in at most two units: `230 ms`, `1.2 s`, `4 min 12 s`, `3 h 5 min`, `2 d`. */
export function sayDuration(language: Language, ms: number): string {
  const long = Math.max(0, Math.round(ms));
  if (long < second) return t(language, 'say-ms', { n: long });
  if (long < 10 * second) return t(language, 'say-s', { n: Math.floor(long / 100) / 10 });
  if (long < minute) return t(language, 'say-s', { n: Math.floor(long / second) });
  if (long < hour) return two(language, long, ['say-min', minute], ['say-s', second]);
  if (long < day) return two(language, long, ['say-h', hour], ['say-min', minute]);
  return two(language, long, ['say-d', day], ['say-h', hour]);
}

type Unit = readonly [key: string, ms: number];

function two(language: Language, ms: number, [bigKey, big]: Unit, [smallKey, small]: Unit): string {
  const rest = Math.floor((ms % big) / small);
  const head = t(language, bigKey, { n: Math.floor(ms / big) });
  return rest === 0 ? head : `${head} ${t(language, smallKey, { n: rest })}`;
}

const binary = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A number that a check read, with its unit. */
export function sayMetric(language: Language, { value, unit }: Metric): string {
  switch (unit) {
    case 'ms':
      return saySigned(language, value);
    case 's':
      return saySigned(language, value * second);
    case '%':
      return t(language, 'say-percent', { n: round(value) });
    case 'bytes':
      return sayBytes(language, value);
    case 'bytes_per_s':
      return t(language, 'say-per-s', { what: sayBytes(language, value) });
    case 'count':
      return t(language, 'say-count', { n: round(value) });
    case 'per_s':
      return t(language, 'say-per-s', { what: t(language, 'say-count', { n: round(value) }) });
  }
}

/** A clock may be behind, and an answer from next door takes a fraction of a millisecond. */
function saySigned(language: Language, ms: number): string {
  const long = Math.abs(ms);
  const said = long < 9.95 ? t(language, 'say-ms', { n: round(long) }) : sayDuration(language, long);
  return ms < 0 && round(long) !== 0 ? `−${said}` : said;
}

/** Where room is scarce: a large count as `1.2M`, all else as it is always said. */
export function sayMetricShort(language: Language, metric: Metric): string {
  const { value, unit } = metric;
  if ((unit !== 'count' && unit !== 'per_s') || Math.abs(value) < 100_000) return sayMetric(language, metric);
  const said = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
  return unit === 'count' ? said : t(language, 'say-per-s', { what: said });
}

function sayBytes(language: Language, value: number): string {
  const step = Math.min(binary.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10)));
  return t(language, 'say-bytes', { n: round(value / 1024 ** step), unit: binary[step] ?? 'B' });
}

/** One digit after the point where it still says something. */
function round(value: number): number {
  return Math.abs(value) < 100 ? Math.round(value * 10) / 10 : Math.round(value);
}

/** For numbers in texts: `METRIC($name)` is what it is called, `MEASURE($value, $unit)` how it is said, `SPAN($ms)` a time. */
export function functionsOf(language: Language): Record<string, FluentFunction> {
  return {
    METRIC: ([name]) => sayMetricName(language, String(name)),
    MEASURE: ([value, unit]) => sayMetric(language, { name: '', value: numberOf(value), unit: unitOf(unit) }),
    SPAN: ([ms]) => sayDuration(language, numberOf(ms)),
  };
}

function numberOf(given: unknown): number {
  return Number(given instanceof FluentNumber ? given.value : given);
}

function unitOf(given: unknown): Metric['unit'] {
  return metricUnits.find((unit) => unit === given) ?? 'count';
}

/** What a number of a check is called; what stands after a colon (`disk:/var`) is a name and stays as it is. */
export function sayMetricName(language: Language, name: string): string {
  const [kind = '', ...rest] = name.split(':');
  const key = `metric-${kind.replaceAll('_', '-')}`;
  const said = hasMessage(language, key) ? t(language, key) : kind.replaceAll('_', ' ');
  return [said, rest.join(':')].filter((part) => part !== '').join(' ');
}

/** The same in a few letters, where there are any. */
export function sayMetricBriefly(language: Language, name: string): string {
  const key = `metric-${name}-brief`;
  return hasMessage(language, key) ? t(language, key) : sayMetricName(language, name);
}
