import type { SKRSContext2D } from 'canvas';
import type { Bar, BarRow, BarsDrawing } from './bars.ts';
import { dot, write } from './brush.ts';
import { paintedConfiguration } from './painted.ts';
import { type Colours, HEIGHT, SIZE, themes, WIDTH } from './theme.ts';

/** A name, four columns and a note need more room beside each other than other pictures: everything is so much smaller. */
const SCALE = 0.8;
const WIDE = WIDTH / SCALE;
const TALL = HEIGHT / SCALE;

const MARGIN = 14;
const TOP = 46;
const HEADS = 24;
const BOTTOM = 26;
const LABEL = 150;
const GAP = 12;
/** Few rows need not fill the picture. */
const TALLEST = 46;

/** A chart without axes or lines of its own: every bar is painted. */
export function barsConfiguration(drawing: BarsDrawing) {
  return paintedConfiguration('orbit-bars', painter(drawing, themes[drawing.theme]));
}

function painter(drawing: BarsDrawing, colours: Colours): (ctx: SKRSContext2D) => void {
  const noted = drawing.rows.some(({ note }) => note !== '');
  const notes = noted ? 118 : 0;
  const left = MARGIN + LABEL + GAP;
  const room = WIDE - left - MARGIN - notes - GAP * (drawing.columns.length - 1);
  const whole = drawing.columns.reduce((sum, { width }) => sum + width, 0);
  let next = left;
  const columns = drawing.columns.map(({ head, width, colour }) => {
    const x = next;
    const wide = (room * width) / whole;
    next += wide + GAP;
    return {
      head,
      x,
      width: wide,
      colour: colour === null ? colours.health.good : (colours.lines[colour] ?? colours.text),
    };
  });
  const height = Math.min(TALLEST, (TALL - TOP - HEADS - BOTTOM) / Math.max(1, drawing.rows.length));
  return (ctx) => {
    ctx.save();
    ctx.scale(SCALE, SCALE);
    ctx.fillStyle = colours.ground;
    ctx.fillRect(0, 0, WIDE, TALL);
    const bold = { size: SIZE.title, colour: colours.text, bold: true, most: WIDE - 2 * MARGIN };
    write(ctx, drawing.title, MARGIN, TOP / 2, bold);
    const said = { size: SIZE.small, colour: colours.muted, align: 'right', most: WIDE - 2 * MARGIN } as const;
    write(ctx, drawing.footer, WIDE - MARGIN, TALL - BOTTOM / 2, said);
    for (const { head, x, width } of columns)
      write(ctx, head, x, TOP + HEADS / 2, { size: SIZE.small, colour: colours.muted, most: width });
    drawing.rows.forEach((row, index) => {
      const middle = TOP + HEADS + (index + 0.5) * height;
      paintLabel(ctx, row, middle, colours);
      row.bars.forEach((bar, place) => {
        const column = columns[place];
        if (column === undefined) return;
        const colour = bar?.wrong ? colours.health.bad : column.colour;
        paintBar(ctx, bar, { ...column, middle, height }, colour, colours);
      });
      const note = { size: SIZE.small, colour: colours.text, bold: true, most: notes - GAP };
      if (row.note !== '') write(ctx, row.note, WIDE - MARGIN - notes + GAP, middle, note);
    });
    ctx.restore();
  };
}

function paintLabel(ctx: SKRSContext2D, row: BarRow, middle: number, colours: Colours): void {
  dot(ctx, MARGIN + 6, middle, 5, colours.health[row.health]);
  write(ctx, row.label, MARGIN + 18, middle, { size: SIZE.text, colour: colours.text, most: LABEL - 18 });
}

interface Place {
  readonly x: number;
  readonly middle: number;
  readonly width: number;
  readonly height: number;
}

function paintBar(
  ctx: SKRSContext2D,
  bar: Bar | null,
  { x, middle, width, height }: Place,
  colour: string,
  colours: Colours,
): void {
  if (bar === null) {
    write(ctx, '–', x, middle, { size: SIZE.small, colour: colours.muted });
    return;
  }
  const thick = Math.min(24, height - 5);
  ctx.fillStyle = colours.card;
  ctx.fillRect(x, middle - thick / 2, width, thick);
  ctx.fillStyle = `${colour}b0`;
  // A hair of colour says "something" where the length would say nothing.
  ctx.fillRect(x, middle - thick / 2, bar.length > 0 ? Math.max(2, bar.length * width) : 0, thick);
  write(ctx, bar.value, x + 6, middle, { size: SIZE.small, colour: colours.text, bold: true, most: width - 10 });
}
