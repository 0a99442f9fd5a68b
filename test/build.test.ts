import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';

const root = new URL('..', import.meta.url).pathname;

it('a build keeps the files of the one before it, which a manager that runs may still need, and no older ones', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-build-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const build = () => {
    execFileSync(process.execPath, ['--import', 'tsx', 'build.ts', folder], { cwd: root, stdio: 'pipe' });
    return new Set(readdirSync(folder));
  };
  writeFileSync(join(folder, 'app.js'), 'of a version that wrote nothing down');
  const first = build();
  for (const name of ['main.js', 'chart-worker.js', 'app.js']) assert.ok(first.has(name), name);
  // As if the last build had made it of other sources.
  writeFileSync(join(folder, 'chat-OLD.js'), '');
  writeFileSync(
    join(folder, 'built.json'),
    JSON.stringify([...first, 'chat-OLD.js'].filter((name) => name !== 'app.js')),
  );
  const second = build();
  assert.deepEqual([second.has('chat-OLD.js'), second.has('app.js'), second.has('main.js')], [true, false, true]);
  assert.ok(!build().has('chat-OLD.js'));
});
