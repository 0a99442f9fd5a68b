/** What every benchmark prints with: order statistics and a table. */

/** The value below which a share `q` (0 to 1) of the samples lies. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** One line: count, median, p99, in ms. */
export function row(name: string, samples: readonly number[]): string {
  const ms = (value: number) => value.toFixed(1).padStart(9);
  const count = String(samples.length).padStart(5);
  return `${name.padEnd(44)}${count}${ms(quantile(samples, 0.5))}${ms(quantile(samples, 0.99))}`;
}

export const head = `${''.padEnd(44)}${'n'.padStart(5)}${'median'.padStart(9)}${'p99'.padStart(9)}  (ms)`;

/** Resident and proportional memory of a process, bytes. */
export function parseRollup(text: string): { readonly rss: number; readonly pss: number } {
  const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { rss: kilobytes('Rss') * 1024, pss: kilobytes('Pss') * 1024 };
}
