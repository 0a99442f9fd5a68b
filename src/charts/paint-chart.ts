import type { SKRSContext2D } from 'canvas';
import type { ChartConfiguration, Plugin, ScaleOptionsByType } from 'chart.js';
import { dot, type Writing, widthOf, write } from './brush.ts';
import type { ChartDrawing, Line } from './drawing.ts';
import { type Colours, FONT, HEIGHT, PIXEL_RATIO, SIZE, themes, WIDTH } from './theme.ts';

const MARGIN = 16;
const TITLE_HEIGHT = 34;
const ROW_HEIGHT = 23;
const FOOTER_HEIGHT = 26;
/** The columns of figures, from the right. */
const COLUMN = 88;

/** The drawing in Chart.js's words; what it has no word for (table, shades, marks) is painted by the plugin. */
export function chartConfiguration(drawing: ChartDrawing): ChartConfiguration<'line', { x: number; y: number }[]> {
  const colours = themes[drawing.theme];
  const top = TITLE_HEIGHT + ROW_HEIGHT * drawing.lines.length + 14;
  return {
    type: 'line',
    data: { datasets: drawing.lines.flatMap((line) => datasets(line, colours)) },
    options: {
      devicePixelRatio: PIXEL_RATIO,
      parsing: false,
      normalized: true,
      spanGaps: false,
      layout: { padding: { top, right: MARGIN, bottom: FOOTER_HEIGHT, left: MARGIN } },
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: {
        x: {
          ...axis(colours),
          type: 'linear',
          min: drawing.from,
          max: drawing.to,
          afterBuildTicks: (scale) => {
            scale.ticks = drawing.ticks.map(({ at, label }) => ({ value: at, label }));
          },
          ticks: { ...ticks(colours), maxRotation: 0, autoSkip: false, callback: labelOf(drawing.ticks) },
        },
        ...Object.fromEntries(drawing.panels.map((_, index) => [`y${index}`, valueScale(drawing, index, colours)])),
      },
    },
    plugins: [painter(drawing, colours)],
  };
}

type LinearScale = ScaleOptionsByType<'linear'>;

function valueScale(drawing: ChartDrawing, index: number, colours: Colours) {
  const panel = drawing.panels[index] ?? { min: 0, max: 1, ticks: [] };
  return {
    ...axis(colours),
    type: 'linear',
    position: 'left',
    // Chart.js stacks from the bottom; the first panel is to stand on top.
    weight: drawing.panels.length - index,
    stack: 'panels',
    stackWeight: 1,
    min: panel.min,
    max: panel.max,
    afterBuildTicks: (scale: { ticks: { value: number }[] }) => {
      scale.ticks = panel.ticks.map(({ at }) => ({ value: at }));
    },
    ticks: { ...ticks(colours), autoSkip: false, includeBounds: false, callback: labelOf(panel.ticks) },
  } satisfies Partial<Record<keyof LinearScale, unknown>>;
}

function axis(colours: Colours) {
  return { border: { display: false }, grid: { color: colours.grid, drawTicks: false } };
}

function ticks(colours: Colours) {
  return { color: colours.muted, padding: 7, font: { family: FONT, size: SIZE.text } };
}

function labelOf(known: readonly { readonly at: number; readonly label: string }[]) {
  const labels = new Map(known.map(({ at, label }) => [at, label]));
  return (value: string | number) => labels.get(Number(value)) ?? '';
}

/** The line of averages, and behind it the band between the extremes. */
function datasets(line: Line, colours: Colours) {
  const colour = colours.lines[line.colour % colours.lines.length] ?? colours.text;
  const common = { yAxisID: `y${line.panel}`, pointRadius: 0, borderWidth: 0, tension: 0 };
  const points = (y: Float64Array) => Array.from(line.x, (x, index) => ({ x, y: y[index] ?? Number.NaN }));
  return [
    {
      ...common,
      data: points(line.avg),
      borderColor: colour,
      backgroundColor: colour,
      borderWidth: 2,
      borderJoinStyle: 'round' as const,
      pointRadius: ({ dataIndex }: { dataIndex: number }) => (isAlone(line.avg, dataIndex) ? 2.5 : 0),
    },
    // The edge, so that a short peak is seen as high as the figures say it was.
    {
      ...{ ...common, data: points(line.max), fill: '+1', backgroundColor: `${colour}38` },
      ...{ borderColor: `${colour}60`, borderWidth: 1 },
    },
    { ...common, data: points(line.min), fill: false },
  ];
}

/** A point between two holes would be a line of no length. */
function isAlone(y: Float64Array, index: number): boolean {
  const missing = (at: number) => Number.isNaN(y[at] ?? Number.NaN);
  return !missing(index) && missing(index - 1) && missing(index + 1);
}

function painter(drawing: ChartDrawing, colours: Colours): Plugin<'line'> {
  return {
    id: 'orbit',
    beforeDraw({ ctx }) {
      ctx.fillStyle = colours.ground;
      ctx.fillRect(0, 0, WIDTH, HEIGHT);
      paintTable(ctx, drawing, colours);
      paintFooter(ctx, drawing, colours);
    },
    beforeDatasetsDraw({ ctx, chartArea, scales }) {
      const place = (at: number) => scales.x?.getPixelForValue(at) ?? 0;
      for (const { from, to, bad } of drawing.shades) {
        ctx.fillStyle = bad ? colours.bad : colours.fair;
        const left = place(from);
        // What was over in a moment is seen all the same.
        ctx.fillRect(left, chartArea.top, Math.max(2, place(to) - left), chartArea.height);
      }
      for (const index of drawing.panels.slice(1).keys()) {
        ctx.fillStyle = colours.muted;
        ctx.fillRect(chartArea.left, (scales[`y${index}`]?.bottom ?? 0) - 0.5, chartArea.width, 1);
      }
    },
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      const all = drawing.starts.map((at) => scales.x?.getPixelForValue(at) ?? 0).toSorted((a, b) => a - b);
      let before = Number.NEGATIVE_INFINITY;
      for (const x of all) {
        // What lies on top of each other is one mark, and many lines would hide what they explain.
        if (x - before < NEAREST_STARTS) continue;
        before = x;
        paintStart(ctx, x, chartArea, colours, all.length <= MOST_START_LINES);
      }
    },
  };
}

const NEAREST_STARTS = 5;
const MOST_START_LINES = 12;

function paintStart(
  ctx: SKRSContext2D,
  x: number,
  area: { readonly top: number; readonly bottom: number },
  colours: Colours,
  withLine: boolean,
): void {
  if (withLine) {
    ctx.strokeStyle = colours.start;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 4]);
    ctx.beginPath();
    ctx.moveTo(x, area.top);
    ctx.lineTo(x, area.bottom);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  triangle(ctx, x, area.bottom, colours.start);
}

function triangle(ctx: SKRSContext2D, x: number, bottom: number, colour: string): void {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x, bottom - 10);
  ctx.lineTo(x + 6, bottom);
  ctx.lineTo(x - 6, bottom);
  ctx.fill();
}

/** The title, and a row for each line: its colour, its name, its four figures. */
function paintTable(ctx: SKRSContext2D, drawing: ChartDrawing, colours: Colours): void {
  const right = (column: number) => WIDTH - MARGIN - (3 - column) * COLUMN;
  const head: Writing = { size: SIZE.small, colour: colours.muted, align: 'right' };
  const y = MARGIN + SIZE.title / 2;
  const most = right(0) - widthOf(ctx, drawing.heads[0] ?? '', head) - 2 * MARGIN;
  const large = { size: SIZE.title, colour: colours.text, bold: true, most };
  const size = widthOf(ctx, drawing.title, large) <= most ? SIZE.title : SIZE.text;
  write(ctx, drawing.title, MARGIN, y, { ...large, size });
  drawing.heads.forEach((text, column) => {
    write(ctx, text, right(column), y + 3, head);
  });
  drawing.lines.forEach((line, index) => {
    const middle = TITLE_HEIGHT + MARGIN / 2 + ROW_HEIGHT * (index + 0.5);
    dot(ctx, MARGIN + 6, middle, 6, colours.lines[line.colour % colours.lines.length] ?? colours.text);
    const most = right(0) - COLUMN - MARGIN - 10;
    write(ctx, line.label, MARGIN + 20, middle, { size: SIZE.text, colour: colours.text, most });
    line.figures.forEach((text, column) => {
      const bold = column === 0;
      write(ctx, text, right(column), middle, { size: SIZE.text, colour: colours.text, align: 'right', bold });
    });
  });
}

/** What the marks mean, and which time this is. */
function paintFooter(ctx: SKRSContext2D, drawing: ChartDrawing, colours: Colours): void {
  const y = HEIGHT - FOOTER_HEIGHT / 2 - 1;
  const said: Writing = { size: SIZE.small, colour: colours.muted };
  let x = MARGIN;
  if (drawing.startsLabel !== '') {
    triangle(ctx, x + 6, y + 5, colours.start);
    x += 18 + write(ctx, drawing.startsLabel, x + 18, y, said) + 18;
  }
  for (const [label, colour] of [
    [drawing.badLabel, colours.bad],
    [drawing.fairLabel, colours.fair],
  ] as const) {
    if (label === '') continue;
    ctx.fillStyle = colour;
    ctx.fillRect(x, y - 7, 14, 14);
    x += 20 + write(ctx, label, x + 20, y, said) + 18;
  }
  const most = WIDTH - MARGIN - x;
  const footers = [drawing.footer, ...drawing.shorterFooters];
  const fits = footers.find((each) => widthOf(ctx, each, said) <= most);
  if (fits !== undefined) write(ctx, fits, WIDTH - MARGIN, y, { ...said, align: 'right' });
  else write(ctx, footers.at(-1) ?? '', x, y, { ...said, most });
}
