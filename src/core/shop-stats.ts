import type { Figure } from './figure.ts';

/** Sums are per currency: nobody adds stars to roubles. */
export interface Revenue {
  readonly currency: string;
  readonly amount: number;
  readonly payments: number;
}

export interface PaymentGroup {
  readonly status: string;
  readonly method: string;
  readonly count: number;
}

/** What the shop's own tables say. A figure that cannot be had says why: versions of the shop differ, rights too. */
export interface ShopStats {
  readonly users: Figure<number>;
  /** Since midnight in the zone that was asked for. */
  readonly newToday: Figure<number>;
  /** Users whose subscription runs, whose has ended, and who never had one. */
  readonly subscriptions: Figure<{ readonly active: number; readonly ended: number; readonly never: number }>;
  /** Those that are not deleted. */
  readonly configs: Figure<number>;
  readonly configsByServer: Figure<readonly { readonly server: string; readonly count: number }[]>;
  /** Most first. */
  readonly payments: Figure<readonly PaymentGroup[]>;
  /** Still pending after an hour; the oldest's age in seconds. */
  readonly stuck: Figure<{ readonly count: number; readonly oldest: number | null }>;
  readonly revenueToday: Figure<readonly Revenue[]>;
  readonly revenueThisMonth: Figure<readonly Revenue[]>;
  /** Epoch ms of the last payment that came through; null: none ever. */
  readonly lastPayment: Figure<number | null>;
}
