import type { SKRSContext2D } from 'canvas';
import { FONT } from './theme.ts';

export interface Writing {
  readonly size: number;
  readonly colour: string;
  readonly bold?: boolean;
  readonly align?: 'left' | 'right' | 'center';
  /** Cut with … beyond this width. */
  readonly most?: number;
}

/** Writes one line with its middle at `y`; gives its width. */
export function write(ctx: SKRSContext2D, text: string, x: number, y: number, how: Writing): number {
  ctx.font = `${how.bold ? 'bold ' : ''}${how.size}px "${FONT}"`;
  ctx.fillStyle = how.colour;
  ctx.textAlign = how.align ?? 'left';
  ctx.textBaseline = 'middle';
  const shown = fit(ctx, text, how.most ?? Number.POSITIVE_INFINITY);
  ctx.fillText(shown, x, y);
  return ctx.measureText(shown).width;
}

export function widthOf(ctx: SKRSContext2D, text: string, how: Pick<Writing, 'size' | 'bold'>): number {
  ctx.font = `${how.bold ? 'bold ' : ''}${how.size}px "${FONT}"`;
  return ctx.measureText(text).width;
}

function fit(ctx: SKRSContext2D, text: string, most: number): string {
  if (ctx.measureText(text).width <= most) return text;
  const points = [...text];
  while (points.length > 1 && ctx.measureText(`${points.join('')}…`).width > most) points.pop();
  return `${points.join('').trimEnd()}…`;
}

export function dot(ctx: SKRSContext2D, x: number, y: number, radius: number, colour: string): void {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}
