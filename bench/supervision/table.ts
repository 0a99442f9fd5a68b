/** What a part of the benchmark found. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** As Markdown, so that it can be put into the documentation as it is. */
export function print({ title, head, rows }: Table): string {
  const lines = [head, ...rows].map((cells) => head.map((_, column) => cells[column] ?? ''));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...rest] = lines;
  return [`## ${title}`, '', line(first), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`]
    .concat(rest.map(line), '')
    .join('\n');
}
