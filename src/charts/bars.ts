import type { Theme } from '../core/picture.ts';

/** Things in rows, each with a bar for every column; a column is a scale of its own. */
export interface BarsDrawing {
  readonly kind: 'bars';
  readonly theme: Theme;
  readonly title: string;
  readonly footer: string;
  readonly columns: readonly {
    /** Above it. */
    readonly head: string;
    /** Its part of the width that there is. */
    readonly width: number;
    /** Index into the theme's colours; null: the colour of what is well. */
    readonly colour: number | null;
  }[];
  readonly rows: readonly BarRow[];
}

export interface BarRow {
  readonly label: string;
  readonly health: 'good' | 'fair' | 'bad' | 'unknown';
  /** One for each column; null: nothing is known there. */
  readonly bars: readonly (Bar | null)[];
  /** At the end of the row; empty: nothing to say. */
  readonly note: string;
}

export interface Bar {
  /** Of its column, 0 to 1. */
  readonly length: number;
  /** As said. */
  readonly value: string;
  /** Too long, or too short: painted in the colour of what is wrong. */
  readonly wrong: boolean;
}

/** More rows cannot be read on a phone. */
export const MOST_ROWS = 12;

/** The lengths of the bars of one column: against its largest, or against `full`. */
export function lengthsOf(values: readonly (number | null)[], full?: number): readonly (number | null)[] {
  const most = full ?? Math.max(0, ...values.map((value) => value ?? 0));
  return values.map((value) => (value === null ? null : most === 0 ? 0 : Math.min(1, Math.max(0, value / most))));
}
