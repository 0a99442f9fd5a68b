import type { SKRSContext2D } from 'canvas';
import { dot, widthOf, write } from './brush.ts';
import type { Cell, GridDrawing } from './drawing.ts';
import { paintedConfiguration } from './painted.ts';
import { type Colours, HEIGHT, SIZE, themes, WIDTH } from './theme.ts';

const MARGIN = 14;
const GAP = 10;
const TOP = 46;
const BOTTOM = 26;

/** A chart without axes or lines of its own: every cell is painted. */
export function gridConfiguration(drawing: GridDrawing) {
  return paintedConfiguration('orbit-grid', painter(drawing, themes[drawing.theme]));
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function painter(drawing: GridDrawing, colours: Colours): (ctx: SKRSContext2D) => void {
  return (ctx) => {
    ctx.fillStyle = colours.ground;
    ctx.fillRect(0, 0, WIDTH, HEIGHT);
    const bold = { size: SIZE.title, colour: colours.text, bold: true, most: WIDTH - 2 * MARGIN };
    write(ctx, drawing.title, MARGIN, TOP / 2, bold);
    const said = { size: SIZE.small, colour: colours.muted, align: 'right', most: WIDTH - 2 * MARGIN } as const;
    write(ctx, drawing.footer, WIDTH - MARGIN, HEIGHT - BOTTOM / 2, said);
    const width = (WIDTH - 2 * MARGIN - GAP * (drawing.columns - 1)) / drawing.columns;
    const height = (HEIGHT - TOP - BOTTOM - GAP * (drawing.rows - 1)) / drawing.rows;
    drawing.cells.forEach((cell, index) => {
      const x = MARGIN + (index % drawing.columns) * (width + GAP);
      const y = TOP + Math.floor(index / drawing.columns) * (height + GAP);
      paintCell(ctx, drawing, cell, { x, y, width, height }, colours);
    });
  };
}

function paintCell(ctx: SKRSContext2D, drawing: GridDrawing, cell: Cell, box: Box, colours: Colours): void {
  const { x, y, width, height } = box;
  ctx.fillStyle = colours.card;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 8);
  ctx.fill();
  dot(ctx, x + 16, y + 17, 6, colours.health[cell.health]);
  const title = { size: SIZE.text, colour: colours.text, bold: true, most: width - 40 };
  write(ctx, cell.title, x + 30, y + 17, title);
  if (cell.sparks.length === 0) {
    const middle = { size: SIZE.small, colour: colours.muted, align: 'center', most: width - 20 } as const;
    write(ctx, drawing.nothing, x + width / 2, y + 20 + height / 2, middle);
    return;
  }
  const inner = width - 20;
  const part = (inner - GAP * (cell.sparks.length - 1)) / cell.sparks.length;
  cell.sparks.forEach((spark, index) => {
    const left = x + 10 + index * (part + GAP);
    const value = { size: SIZE.small, colour: colours.text, bold: true } as const;
    const taken = widthOf(ctx, spark.value, value);
    const most = part - taken - 8;
    // A letter of it would say nothing; the value has a unit.
    const label = [spark.label, spark.brief].find((each) => widthOf(ctx, each, { size: SIZE.small }) <= most);
    if (label !== undefined) write(ctx, label, left, y + 40, { size: SIZE.small, colour: colours.muted });
    write(ctx, spark.value, left + part, y + 40, { ...value, align: 'right' });
    const colour = colours.lines[index % colours.lines.length] ?? colours.text;
    paintSpark(ctx, drawing, spark, { x: left, y: y + 52, width: part, height: height - 60 }, colour);
  });
}

function paintSpark(
  ctx: SKRSContext2D,
  { from, to }: GridDrawing,
  spark: Cell['sparks'][number],
  box: Box,
  colour: string,
): void {
  const span = spark.max - spark.min || 1;
  const placeX = (at: number) => box.x + ((at - from) / (to - from)) * box.width;
  const placeY = (value: number) => box.y + box.height - ((value - spark.min) / span) * box.height;
  const floor = box.y + box.height;
  let run: { x: number; y: number }[] = [];
  const finish = () => {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const line = () => {
      ctx.beginPath();
      for (const point of run) ctx.lineTo(point.x, point.y);
    };
    line();
    ctx.lineTo(last.x, floor);
    ctx.lineTo(first.x, floor);
    ctx.fillStyle = `${colour}30`;
    ctx.fill();
    line();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.8;
    ctx.lineJoin = 'round';
    ctx.stroke();
    if (run.length === 1) dot(ctx, first.x, first.y, 2, colour);
    run = [];
  };
  spark.x.forEach((at, index) => {
    const value = spark.y[index] ?? Number.NaN;
    if (Number.isNaN(value)) finish();
    else run.push({ x: placeX(at), y: placeY(value) });
  });
  finish();
}
