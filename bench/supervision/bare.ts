/** The bare loop: a Node process that spawns again on 'exit'. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { background, type Contender, endProcess, pidOf } from './contender.ts';

export const bare: Contender = {
  title: 'bare Node spawn',
  missing: () => null,
  async supervise(folder, services) {
    writeFileSync(join(folder, 'services.json'), JSON.stringify([...services]));
    const code = `
      import { spawn } from 'node:child_process'; import { readFileSync } from 'node:fs';
      let ending = false; const all = new Set();
      const run = (script) => { const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }); all.add(child);
        child.on('exit', () => { all.delete(child); if (!ending) run(script); }); };
      for (const [, script] of JSON.parse(readFileSync(process.argv[1], 'utf8'))) run(script);
      process.on('SIGTERM', () => { ending = true; for (const child of all) child.kill(); });
      process.on('SIGINT', () => process.exit(0)); setInterval(() => {}, 1e9);`;
    const child = background(process.execPath, ['--input-type=module', '-e', code, join(folder, 'services.json')]);
    return {
      manager: () => [pidOf(child)],
      beside: () => [],
      stop: async () => void child.kill('SIGTERM'),
      end: () => endProcess(child, 'SIGINT'),
    };
  },
};
