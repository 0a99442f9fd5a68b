import type { Theme } from '../core/picture.ts';

/** Also the name of the family under which the font is registered. */
export const FONT = 'DejaVu Sans';

/** The size of every picture in CSS pixels, and how many real ones each of them is. */
export const WIDTH = 640;
export const HEIGHT = 400;
export const PIXEL_RATIO = 2.5;

/** Text sizes: a phone, some 390 CSS pixels wide, shows the picture at six tenths of this. */
export const SIZE = { title: 21, text: 16, small: 14 } as const;

export interface Colours {
  readonly ground: string;
  readonly card: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly start: string;
  readonly bad: string;
  readonly fair: string;
  readonly health: Readonly<Record<'good' | 'fair' | 'bad' | 'unknown', string>>;
  readonly lines: readonly [string, ...string[]];
}

export const themes: Readonly<Record<Theme, Colours>> = {
  dark: {
    ground: '#17212b',
    card: '#1e2a36',
    text: '#eef3f8',
    muted: '#93a4b5',
    grid: 'rgba(255, 255, 255, 0.09)',
    start: '#dbe4ee',
    bad: 'rgba(255, 82, 82, 0.22)',
    fair: 'rgba(255, 183, 77, 0.18)',
    health: { good: '#4cd07d', fair: '#ffc24b', bad: '#ff5f5f', unknown: '#93a4b5' },
    lines: ['#56a8ff', '#ffb020', '#4cd07d', '#ff7eb6', '#b79cff', '#4fd8d8'],
  },
  light: {
    ground: '#ffffff',
    card: '#f3f6f9',
    text: '#17212b',
    muted: '#5d6c7b',
    grid: 'rgba(0, 0, 0, 0.09)',
    start: '#33404d',
    bad: 'rgba(229, 57, 53, 0.17)',
    fair: 'rgba(251, 140, 0, 0.17)',
    health: { good: '#1e9e50', fair: '#d98a00', bad: '#d93030', unknown: '#7d8b99' },
    lines: ['#1769c9', '#cc6d00', '#178a4a', '#c2327a', '#6a43cf', '#0b8585'],
  },
};
