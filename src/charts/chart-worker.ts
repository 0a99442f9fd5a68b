import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { GlobalFonts } from 'canvas';
import { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import type { Drawing } from './drawing.ts';
import { barsConfiguration } from './paint-bars.ts';
import { chartConfiguration } from './paint-chart.ts';
import { gridConfiguration } from './paint-grid.ts';
import { FONT, HEIGHT, WIDTH } from './theme.ts';

/*
 * The process that draws. It is started by renderer.ts when a picture is wanted, and ended by it.
 */

/** What comes back: a PNG, or what went wrong. */
export type Drawn =
  | { readonly ok: true; readonly png: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly why: string };

/** A nice value: a third of the processor where all want it, so that there is still a picture on a machine in trouble. */
const BEHIND_THE_MANAGER = 5;
// Where there are more to run than there are cores, a picture waits, and not the supervision.
try {
  setPriority(BEHIND_THE_MANAGER);
} catch {
  // A sandbox that does not allow it; then they share.
}

const { resolve } = createRequire(import.meta.url);
// A server has no fonts; these have Cyrillic. Both before the first canvas.
for (const file of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'])
  if (GlobalFonts.registerFromPath(resolve(`dejavu-fonts-ttf/ttf/${file}`), FONT) === null)
    throw new Error(`The font ${file} cannot be read`);

// One for good: each instance loads, and never gives back, a Chart.js of its own.
const canvas = new ChartJSNodeCanvas({ width: WIDTH, height: HEIGHT });

function configurationOf(drawing: Drawing) {
  switch (drawing.kind) {
    case 'chart':
      return chartConfiguration(drawing);
    case 'grid':
      return gridConfiguration(drawing);
    case 'bars':
      return barsConfiguration(drawing);
  }
}

function draw(drawing: Drawing): Drawn {
  try {
    // Only the synchronous call works with this canvas; here it holds nobody up.
    const png = canvas.renderToBufferSync(configurationOf(drawing));
    return { ok: true, png: new Uint8Array(png) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (drawing: Drawing) => process.send?.(draw(drawing)));
// The manager was killed.
process.on('disconnect', () => process.exit());
