import type { Reason } from './reason.ts';

const HOUR = 3600_000;

/** The stretches of time that a picture can show, up to now; ms. */
export const ranges = { '1h': HOUR, '6h': 6 * HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR, '30d': 720 * HOUR } as const;
export type Range = keyof typeof ranges;
export const rangeNames: readonly Range[] = ['1h', '6h', '24h', '7d', '30d'];

export type Theme = 'dark' | 'light';

/** One series to be drawn. */
export interface Wanted {
  readonly service: string;
  readonly metric: string;
  /** As in the history: not set means the process's, else the first by name. */
  readonly check?: string;
}

/** Services on one page of the dashboard. */
export const MOST_CELLS = 12;

interface Look {
  readonly language: 'en' | 'ru';
  readonly range: Range;
  /** IANA name; not set: the manager's. */
  readonly timezone?: string;
}

export type Picture =
  | { readonly ok: true; readonly png: Uint8Array }
  /** Nothing measured, or the drawing went wrong; said to a person. */
  | { readonly ok: false; readonly reason: Reason };

/** Draws what the history holds. Never rejects for what can be expected, and never takes long: it has a deadline. */
export interface Pictures {
  /** Lines of one or several services; those of one unit share an axis. Of very many the largest. */
  chart(look: Look & { readonly lines: readonly Wanted[] }): Promise<Picture>;
  /** Services in small, {@link MOST_CELLS} on a page, counted from 0. */
  dashboard(look: Look & { readonly page: number }): Promise<Picture>;
  /** Ends the worker. */
  close(): Promise<void>;
}
