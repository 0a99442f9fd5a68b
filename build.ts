/**
 * `npm run build [folder]`: src/ as a few files in dist/. Node reads some hundred small files one by one, and those of
 * the packages too; bundled, the manager takes two thirds of that time until its first service is started.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { z } from 'zod';

/** What brings files of its own: compiled code, fonts, a browser's script. */
const external = ['libsql', 'canvas', 'chart.js', 'chartjs-node-canvas', 'dejavu-fonts-ttf'];
/** The names of the files that the last build made. */
const list = 'built.json';

const root = fileURLToPath(new URL('.', import.meta.url));
const folder = process.argv[2] ?? join(root, 'dist');

const { metafile } = await build({
  absWorkingDir: root,
  // Side by side: what is found from one file is found from each.
  entryPoints: { main: 'src/main.ts', 'chart-worker': 'src/charts/chart-worker.ts' },
  outdir: folder,
  ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20' },
  external,
  // For packages that are CommonJS and ask for Node's own modules.
  banner: { js: "import { createRequire as req } from 'node:module'; const require = req(import.meta.url);" },
  ...{ sourcemap: true, sourcesContent: false, metafile: true, logLevel: 'warning' },
});

const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
if (inputs.some((path) => /zod.*\/locales\/(?!en\.|index\.)/.test(path)))
  throw new Error("all of zod's languages would be read at each start: say `import * as z`, and never take z apart");

// A manager that runs reads some of its files only when they are needed: those that it was started from stay until the
// build after this one.
const made = Object.keys(metafile.outputs).map((path) => basename(path));
const kept = new Set([...made, ...lastMade(), list]);
for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name), { recursive: true });
writeFileSync(join(folder, list), JSON.stringify(made));

/** Where nobody has written that down (an earlier version's build): whatever is there. */
function lastMade(): readonly string[] {
  const path = join(folder, list);
  return existsSync(path) ? z.array(z.string()).parse(JSON.parse(readFileSync(path, 'utf8'))) : readdirSync(folder);
}
