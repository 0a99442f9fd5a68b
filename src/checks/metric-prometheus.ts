import type { MetricConfigOf } from '../config/schema.ts';
import { reason } from '../core/reason.ts';
import { fetchText, placeOf } from './fetch-text.ts';
import { type MetricSource, noNumber } from './metric.ts';

/** A number of what somebody shows to Prometheus; several series that fit are added up. */
export function createPrometheusSource(config: MetricConfigOf<'prometheus'>): MetricSource {
  const { url, metric, labels, headers } = config;
  const said = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  const series = said.length === 0 ? metric : `${metric} (${said.join(', ')})`;
  return {
    async read(signal) {
      const got = await fetchText(url, { accept: 'text/plain;version=0.0.4', ...headers }, signal);
      if (!got.ok) return got;
      const values = samplesOf(got.value, metric, labels);
      if (values === null) return noNumber(reason('metric-no-exposition', { address: placeOf(url) }));
      if (values.length === 0) return noNumber(reason('metric-no-series', { address: placeOf(url), series }));
      return { ok: true, value: values.reduce((sum, value) => sum + value, 0) };
    },
    close: async () => undefined,
  };
}

/**
 * The values of all series of a metric whose labels are so, of a text in Prometheus's format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/); null: one of its lines is not as it should be.
 */
export function samplesOf(
  text: string,
  metric: string,
  labels: Readonly<Record<string, string>>,
): readonly number[] | null {
  const values: number[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(metric)) continue;
    const rest = line.slice(metric.length);
    // Another one whose name begins the same.
    if (!/^[{\s]/.test(rest)) continue;
    const sample = sampleOf(rest.trimStart());
    if (sample === null) return null;
    if (Object.entries(labels).every(([name, value]) => (sample.labels.get(name) ?? '') === value))
      values.push(sample.value);
  }
  return values;
}

const label = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|(?=\}))/y;
const number = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?Inf|NaN)(?:\s|$)/i;
const unescaped: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** What stands behind a metric's name: labels in braces, a value, perhaps a time. */
function sampleOf(rest: string): { readonly labels: ReadonlyMap<string, string>; readonly value: number } | null {
  const labels = new Map<string, string>();
  let end = 0;
  if (rest.startsWith('{')) {
    label.lastIndex = 1;
    for (let found = label.exec(rest); found !== null; found = label.exec(rest)) {
      const [, name = '', value = ''] = found;
      labels.set(
        name,
        value.replace(/\\(.)/g, (all, letter: string) => unescaped[letter] ?? all),
      );
      end = label.lastIndex;
    }
    const close = /^\s*\}/.exec(rest.slice(end === 0 ? 1 : end));
    if (close === null) return null;
    end = (end === 0 ? 1 : end) + close[0].length;
  }
  const said = number.exec(rest.slice(end))?.[1];
  if (said === undefined) return null;
  const plain = said.toLowerCase().replace('inf', 'Infinity').replace('nan', 'NaN');
  return { labels, value: Number(plain) };
}
