import type { Theme } from '../core/picture.ts';
import type { BarsDrawing } from './bars.ts';

/** What the worker is given: every text said, every place on an axis decided. Sizes in CSS pixels, 640 x 400. */
export type Drawing = ChartDrawing | GridDrawing | BarsDrawing;

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The numbers of one unit; panels stand above each other over the same axis of time. */
export interface Panel {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly Tick[];
}

/** `x`, `avg`, `min`, `max` are equally long; NaN where a hole is. */
export interface Line {
  readonly label: string;
  /** Index into the theme's colours. */
  readonly colour: number;
  readonly panel: number;
  readonly x: Float64Array;
  readonly avg: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Last, minimum, average, maximum, as said. */
  readonly figures: readonly string[];
}

export interface Shade {
  readonly from: number;
  readonly to: number;
  readonly bad: boolean;
}

export interface ChartDrawing {
  readonly kind: 'chart';
  readonly theme: Theme;
  readonly title: string;
  /** Above the four columns of figures. */
  readonly heads: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly Tick[];
  readonly panels: readonly Panel[];
  readonly lines: readonly Line[];
  readonly starts: readonly number[];
  readonly shades: readonly Shade[];
  /** What the marks mean; empty where there are none. */
  readonly startsLabel: string;
  readonly badLabel: string;
  readonly fairLabel: string;
  readonly footer: string;
  /** Instead of the footer where that has no room, the longest first. */
  readonly shorterFooters: readonly string[];
}

export interface Cell {
  readonly title: string;
  readonly health: 'good' | 'fair' | 'bad' | 'unknown';
  readonly sparks: readonly {
    readonly label: string;
    /** Instead of the label where that has no room. */
    readonly brief: string;
    readonly value: string;
    readonly x: Float64Array;
    readonly y: Float64Array;
    readonly min: number;
    readonly max: number;
  }[];
}

export interface GridDrawing {
  readonly kind: 'grid';
  readonly theme: Theme;
  readonly title: string;
  readonly footer: string;
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  readonly rows: number;
  readonly cells: readonly Cell[];
  /** Said in a cell in which nothing was measured. */
  readonly nothing: string;
}
