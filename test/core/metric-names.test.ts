/** The table of numbers is what the checks really give: their sources name each of them once. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { lifeNumbers, metricNames } from '../../src/core/metric-names.ts';

const sources: Readonly<Record<string, string>> = {
  redis: 'redis-metrics',
  postgres: 'postgres-metrics',
};

for (const [kind, names] of Object.entries(metricNames)) {
  it(`${kind} gives ${names.join(', ')}`, () => {
    const file = new URL(`../../src/checks/${sources[kind] ?? kind}.ts`, import.meta.url);
    const text = readFileSync(file, 'utf8');
    const said = [
      ...text.matchAll(/\bname: '([a-z_]+)', value/g),
      ...text.matchAll(/^ +\['([a-z_]+)', /gm),
      ...text.matchAll(/\badd\(['`]([a-z_]+)/g),
    ].map(([, name]) => name);
    const own = kind === 'process' ? names.filter((name) => !lifeNumbers.some((each) => each === name)) : names;
    assert.deepEqual([...new Set(said)].sort(), [...own].sort());
  });
}
