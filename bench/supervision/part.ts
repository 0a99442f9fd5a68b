/** What one part of the benchmark found: some columns of the table, and which aims were met. */
export interface Part {
  readonly heads: readonly string[];
  /** Cells by the contender's title; left out: it does not take part. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly aims: readonly Aim[];
}

export interface Aim {
  readonly aim: string;
  readonly measured: string;
  readonly met: boolean;
}

/** As Markdown, so that it can be put into the documentation as it is. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((cells) => head.map((_, column) => cells[column] ?? ''));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = lines;
  return [line(first), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest.map(line)].join('\n');
}
