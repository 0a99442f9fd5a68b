/** Ledger, announcer and outbox as the manager wires them, for tests and benchmarks of delivery. */
import { pino } from 'pino';
import type { Digest } from '../../src/core/digest.ts';
import type { IncidentInput, Level, Reminders } from '../../src/core/incident.ts';
import type { Hours } from '../../src/core/local-time.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { createAnnouncer, type Recipient } from '../../src/outbox/announce.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import type { Transport } from '../../src/outbox/transport.ts';
import type { SqlStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createOutboxTable } from '../../src/store/outbox.ts';
import { createLedger } from '../../src/supervisor/ledger.ts';
import { createRenderer } from '../../src/telegram/renderer.ts';
import { alertOf, recoveryOf } from '../../src/telegram/screens/alert-group.ts';

export interface PartsOptions {
  readonly store: SqlStore;
  readonly transport: Transport;
  readonly chats: readonly string[];
  readonly clock: () => number;
  /** When the chats do not want to hear, in UTC. */
  readonly quiet?: Hours | null;
  readonly rules?: Reminders;
}

export const noDigest: Digest = {
  ...{ from: 0, to: 0, services: 0, fine: true, level: 'info' },
  ...{ broke: [], starts: [], slow: [], availability: [], mutes: [], disks: [] },
};

const usualRules = { repeat_every: 3600_000, escalate_after: 900_000 };

export function makeParts({ store, transport, chats, clock, quiet = null, rules = usualRules }: PartsOptions) {
  const log = pino({ level: 'silent' });
  const incidents = createIncidentTable(store);
  const table = createOutboxTable(store);
  const moved = new Map<string, string>();
  const recipients = () =>
    chats.map((chat): Recipient => {
      return { chat: moved.get(chat) ?? chat, topic: null, level: 'info', quiet: null, tier: 'first' };
    });
  const announcer = createAnnouncer(table, recipients, clock, store.attempt);
  const ledger = createLedger({
    ...{ store, log, clock, table: incidents, rules: () => rules, needs: () => [] },
    announce: announcer.change,
    announced: () => outbox.added(),
  });
  const telegram = { state: 'polling', since: 0, reason: null } as const;
  const snapshot = (): Snapshot => ({
    ...{ host: 'bench', version: '0', at: clock(), startedAt: 0, overall: 'unhealthy' },
    ...{ services: [], incidents: [], mutes: [] },
    telegram: { ...telegram, ...outbox.view() },
  });
  const outbox = createOutbox({
    ...{ table, incidents, transport, clock, log },
    render: createRenderer(
      {
        renderIncidents: (language, notices, role, timezone) => alertOf(language, notices, timezone, role),
        renderRecovery: recoveryOf,
        renderDigest: () => ({ text: 'digest', buttons: [] }),
        languageOf: () => 'en',
        timezoneOf: () => 'UTC',
      },
      [],
      { control: { snapshot }, alerting: ledger, clock },
      { report: (span) => ({ ...noDigest, ...span }), picture: async () => null },
    ),
    chatView: () => ({ timezone: 'UTC', mutes: [], level: 'info', quiet }),
    view: (incident) => ({ flapping: ledger.isFlap(incident), caused: false }),
    groupWindow: 5000,
    onParked: () => undefined,
    onMoved: (from, to) => void moved.set(from, to),
  });
  return {
    ...{ incidents, table, ledger, outbox },
    down(service: string, level: Level = 'error'): void {
      const input: IncidentInput = {
        ...{ type: 'problem', kind: 'down', level, attempt: null, lines: [] },
        reason: { code: 'exit-code', args: { code: '1' } },
      };
      ledger.commit(service, [input]);
    },
    up: (service: string) => ledger.commit(service, [{ type: 'over', kind: 'down', resolution: 'recovered' }]),
  };
}
