import type { Config } from '../config/schema.ts';
import type { History } from '../core/history.ts';
import type { Mute } from '../core/mute.ts';
import type { Pictures } from '../core/picture.ts';
import type { Settings } from '../core/settings.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Logger } from '../logger.ts';
import type { Announcer } from '../outbox/announce.ts';
import type { SqlStore } from '../store/database.ts';
import type { IncidentTable } from '../store/incidents.ts';
import { createDigest } from '../supervisor/digest.ts';
import { createDigestClock } from '../supervisor/digest-clock.ts';
import type { Standings } from '../supervisor/standings.ts';
import type { Digests } from '../telegram/digests.ts';

export interface DigestsOfAppOptions {
  /** As it is now. */
  readonly config: () => Config;
  readonly store: SqlStore;
  readonly settings: Settings;
  readonly incidents: IncidentTable;
  readonly standings: Standings;
  readonly history: History;
  readonly pictures: Pictures;
  readonly snapshot: () => Snapshot;
  readonly mutes: () => readonly Mute[];
  readonly announcer: Announcer;
  /** Something was put into the outbox. */
  readonly announced: () => void;
  readonly clock: () => number;
  readonly log: Logger;
}

/** The summary of the day: what it says, its picture, and its time. */
export function createDigestsOfApp(options: DigestsOfAppOptions) {
  const { config, store, settings, incidents, standings, history, pictures, announcer, clock, log } = options;
  const { report } = createDigest({
    services: () => options.snapshot().services,
    mutes: options.mutes,
    incidentsSince: incidents.since,
    ...{ tally: standings.tally, history },
  });
  const digests: Digests = {
    report,
    async picture(language, timezone) {
      const drawn = await pictures.dashboard({ language, timezone, range: '24h', page: 0 });
      return drawn.ok ? drawn.png : null;
    },
  };
  const digestClock = createDigestClock({
    cron: () => config().monitoring.digest,
    timezone: config().monitoring.timezone,
    tell: (span) => announcer.digest({ ...span, level: report(span).level }),
    together(work) {
      store.transaction(work);
      options.announced();
    },
    ...{ settings, clock, log },
  });
  return { digests, tick: digestClock.tick };
}
