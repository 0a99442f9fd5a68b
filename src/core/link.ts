import { type Reason, reason } from './reason.ts';

/** An address in the world that nearly always answers. */
export interface Anchor {
  readonly host: string;
  readonly port: number;
}

/** This host's own way into the world. */
export interface Link {
  /** Asks the anchors, unless that was done a moment ago; true: none of them answers, so nobody else can be blamed. */
  isDown(): Promise<boolean>;
  /** As of the last round. */
  view(): LinkRecord;
}

/** Why something remote could not be asked: told once, for all of it. */
export const ownLinkDown: Reason = reason('own-link-down');

/** What is remembered of this host's own link to the world. */
export interface LinkRecord {
  /** Epoch ms of the last time that an anchor answered; null: none ever has. */
  readonly answeredAt: number | null;
  /** Since when none answers; null: one does. */
  readonly silentSince: number | null;
  /** Rounds in a row without an answer. */
  readonly silent: number;
}

/** Rounds without an answer before it is told: one may be lost by chance. */
const ROUNDS_TO_TELL = 2;

export function newLink(answeredAt: number | null): LinkRecord {
  return { answeredAt, silentSince: null, silent: 0 };
}

/** Takes in one round: all anchors were asked, and one of them answered, or none did. */
export function foldLink(before: LinkRecord, answered: boolean, now: number): LinkRecord {
  if (answered) return { answeredAt: now, silentSince: null, silent: 0 };
  return { ...before, silentSince: before.silentSince ?? now, silent: before.silent + 1 };
}

/**
 * Whether the host has no network. Anchors that never answered prove nothing: where they are blocked, this would blind
 * every remote check for good.
 */
export function isDown({ answeredAt, silent }: LinkRecord): boolean {
  return answeredAt !== null && silent > 0;
}

/** Whether that is sure enough to be told. */
export function isSurelyDown(record: LinkRecord): boolean {
  return isDown(record) && record.silent >= ROUNDS_TO_TELL;
}
