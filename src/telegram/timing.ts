/** How long things may take, in ms. */
export interface Timing {
  /** A getUpdates that has nothing to say is held by Telegram for so long; Telegram's own limit is 50 s. */
  readonly longPoll: number;
  /** A poll that takes longer is given up. Must be above `longPoll`. */
  readonly pollRequest: number;
  /** Any other request. */
  readonly request: number;
  /** No poll completed for so long: polling is torn down and built again, whatever it claims to be doing. */
  readonly stall: number;
  /** How long a poller that is torn down may take to end before it is left behind. */
  readonly stopGrace: number;
  /** How long {@link Telegram.stop} waits for handlers. */
  readonly handlerGrace: number;
  /** Waits between tries; the wait doubles from `first` to `most`. */
  readonly retryNetwork: Backoff;
  readonly retryBoot: Backoff;
  readonly retryConflict: Backoff;
  /** A token that was refused while running may be valid again, but not soon. */
  readonly retryUnauthorized: number;
}

export interface Backoff {
  readonly first: number;
  readonly most: number;
}

export const defaultTiming: Timing = {
  longPoll: 30_000,
  pollRequest: 60_000,
  request: 15_000,
  stall: 90_000,
  stopGrace: 5_000,
  handlerGrace: 10_000,
  // Telegram that comes back must be noticed within seconds.
  retryNetwork: { first: 1_000, most: 10_000 },
  retryBoot: { first: 1_000, most: 30_000 },
  // A quick redeploy conflicts for a moment; another program does so for good.
  retryConflict: { first: 2_000, most: 30_000 },
  retryUnauthorized: 60_000,
};
