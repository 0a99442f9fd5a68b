import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

const src = new URL('../src/', import.meta.url).pathname;

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a file imports: our own files as paths below src, packages by name. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return found.map((name) => (name.startsWith('.') ? relative(src, join(dirname(file), name)) : name));
}

const part = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path);

/** Which parts of src a part may import, beside itself; types of the configuration are everybody's. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core', 'wire.ts'],
  outbox: ['core', 'store'],
  supervisor: ['core', 'store', 'drivers/driver.ts', 'checks/check.ts', 'config/schema.ts'],
  drivers: ['core', 'config/schema.ts', 'logger.ts', 'procfs.ts'],
  checks: ['core', 'config/schema.ts', 'logger.ts', 'procfs.ts'],
  panels: ['core', 'config/schema.ts', 'logger.ts'],
  telegram: ['core', 'i18n.ts', 'measures.ts', 'wire.ts', 'logger.ts', 'outbox/transport.ts', 'outbox/teller.ts'],
  http: ['core', 'logger.ts', 'i18n.ts', 'measures.ts'],
  cli: [
    'core',
    'i18n.ts',
    'measures.ts',
    'wire.ts',
    'logger.ts',
    'config',
    'app.ts',
    'heap.ts',
    'installed.ts',
    'store/backup.ts',
    'store/store-name.ts',
    'wiring/doctor/doctor.ts',
  ],
  config: ['core', 'i18n.ts'],
  charts: ['core', 'i18n.ts', 'measures.ts'],
};

describe('the layers', () => {
  for (const [name, may] of Object.entries(allowed)) {
    it(`${name} imports only ${may.join(', ') || 'itself'}`, () => {
      for (const file of files(join(src, name)))
        for (const target of imports(file)) {
          if (!target.endsWith('.ts')) continue;
          const fine = part(target) === name || may.includes(target) || may.includes(part(target));
          assert.ok(fine, `${relative(src, file)} imports ${target}`);
        }
    });
  }

  it('the core knows no package, no clock and no world', () => {
    for (const file of files(join(src, 'core'))) {
      for (const target of imports(file)) assert.ok(target.endsWith('.ts'), `${relative(src, file)} imports ${target}`);
      const text = readFileSync(file, 'utf8');
      for (const word of ['Date.now', 'new Date()', 'Math.random', 'setTimeout', 'process.'])
        assert.ok(!text.includes(word), `${relative(src, file)} uses ${word}`);
    }
  });
});
