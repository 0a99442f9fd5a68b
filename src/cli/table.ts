import type { Colour } from './terminal.ts';

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Lines of aligned columns, two blanks apart, nothing after the last. All text is of single width. */
export function alignedTable(
  rows: readonly (readonly Cell[])[],
  paint: (colour: Colour, text: string) => string,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach(({ text }, column) => {
      widths[column] = Math.max(widths[column] ?? 0, text.length);
    });
  }
  return rows.map((row) =>
    row
      .map(({ text, colour }, column) => {
        const gap = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - text.length + 2);
        return (colour === undefined ? text : paint(colour, text)) + gap;
      })
      .join('')
      .trimEnd(),
  );
}
