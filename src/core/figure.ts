import type { Reason } from './reason.ts';

/** A figure, or why it is not there while others are. */
export type Figure<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };
