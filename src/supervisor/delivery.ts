import { type Incident, MANAGER_SERVICE } from '../core/incident.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { TelegramView } from '../core/snapshot.ts';
import type { Ledger } from './ledger.ts';

export interface DeliveryOptions {
  readonly ledger: Pick<Ledger, 'commit' | 'open' | 'find'>;
  /** Since when something that should sound waits for Telegram in vain, if that is before `before`; epoch ms. */
  readonly soundingSince: (before: number) => number | null;
  readonly telegram: () => TelegramView;
  /** Whether there is another channel that can take over. */
  readonly canTakeOver: boolean;
  /** Tells the other channels of these; called inside the transaction that opens the incident. */
  readonly handOver: (incidents: readonly Incident[]) => void;
  /** One line for everybody on Telegram. */
  readonly tellOnTelegram: (what: Reason) => void;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Something that should sound may wait so long (ms) before the other channels take over. */
export const TAKE_OVER_AFTER_MS = 120_000;
const LOOK_EVERY_MS = 5000;

/**
 * Sees to it that alerts reach somebody: when Telegram is away, that is an incident of the manager itself, told through
 * the other channels together with all that is open; they hear everything until Telegram is back.
 */
export function createDelivery(options: DeliveryOptions) {
  const { ledger, telegram, clock } = options;
  let looked = 0;
  let delayed = 0;
  let since: number | null = null;

  const away = (): Incident | null => ledger.find(`${MANAGER_SERVICE}/telegram-away`);

  function open(waitsSince: number): void {
    const { waiting } = telegram();
    since = waitsSince;
    const others = ledger.open().filter(({ level, acknowledgedAt }) => level !== 'info' && acknowledgedAt === null);
    const minutes = Math.round((clock() - waitsSince) / 60_000);
    const why = options.canTakeOver
      ? reason('telegram-away', { minutes, waiting })
      : reason('telegram-away-alone', { minutes, waiting });
    ledger.commit(
      MANAGER_SERVICE,
      [{ type: 'problem', kind: 'telegram-away', level: 'error', reason: why, attempt: null, lines: [] }],
      () => options.handOver(others),
    );
  }

  function close(incident: Incident): void {
    const minutes = Math.max(1, Math.round((clock() - (since ?? incident.openedAt - TAKE_OVER_AFTER_MS)) / 60_000));
    ledger.commit(MANAGER_SERVICE, [{ type: 'over', kind: 'telegram-away', resolution: 'recovered' }], () =>
      options.tellOnTelegram(reason('telegram-was-away', { minutes, delayed })),
    );
    since = null;
    delayed = 0;
  }

  return {
    /** Whether the other channels stand in for Telegram now. */
    takenOver: (): boolean => away() !== null,
    tick(): void {
      if (clock() - looked < LOOK_EVERY_MS) return;
      looked = clock();
      const { lastDelivered, waiting, state } = telegram();
      const incident = away();
      if (incident === null) {
        const waits = options.soundingSince(clock() - TAKE_OVER_AFTER_MS);
        if (waits !== null) open(waits);
        return;
      }
      const delivered = lastDelivered !== null && lastDelivered > incident.openedAt;
      // All that waited may have been muted or dropped; then hearing Telegram is the proof.
      const quiet = state === 'polling' && options.soundingSince(clock()) === null;
      if (delivered || quiet) close(incident);
      else delayed = Math.max(delayed, waiting);
    },
  };
}

export type DeliveryWatch = ReturnType<typeof createDelivery>;
