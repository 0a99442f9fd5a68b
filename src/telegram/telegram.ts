import type { Alerting } from '../core/alerting.ts';
import type { Digest } from '../core/digest.ts';
import type { Health } from '../core/health.ts';
import type { History } from '../core/history.ts';
import type { Incident } from '../core/incident.ts';
import type { Mute } from '../core/mute.ts';
import type { Panels } from '../core/panel-control.ts';
import type { PanelPictures } from '../core/panel-picture.ts';
import type { Pictures } from '../core/picture.ts';
import type { Configured } from '../core/preferences.ts';
import type { Reason } from '../core/reason.ts';
import type { Reload } from '../core/reload.ts';
import type { Role } from '../core/role.ts';
import type { Settings } from '../core/settings.ts';
import type { Actor, Control, ServiceView, TelegramView } from '../core/snapshot.ts';
import type { Stores } from '../core/stores.ts';
import type { HostTop } from '../core/top.ts';
import type { Language } from '../i18n.ts';
import type { Logger } from '../logger.ts';
import type { Button, Transport } from '../outbox/transport.ts';
import type { Digests } from './digests.ts';
import type { Timing } from './timing.ts';

/** Somebody who may use the bot. `id`: Telegram user id; also the id of the person's own chat with the bot. */
export interface Admin extends Configured {
  /** How others read who did something; null: as Telegram calls them. */
  readonly name: string | null;
  readonly role: Role;
  /** null: what the person chose in the chat, else the language of their Telegram. */
  readonly language: Language | null;
  /** IANA name; null or not set: the manager's. */
  readonly timezone?: string | null;
}

export interface TelegramOptions {
  readonly token: string;
  /** Without a slash at the end; null: Telegram's own. */
  readonly apiRoot: string | null;
  /** `socks5://`, `socks5h://` (names resolved at the proxy), `http://` or `https://`. */
  readonly proxy: string | null;
  readonly admins: readonly Admin[];
  /** IANA name; every clock time in a chat is said in it, where the admin has none of their own. */
  readonly timezone: string;
  readonly control: Control;
  readonly alerting: Alerting;
  readonly reload: Pick<Reload, 'look' | 'apply'>;
  readonly panels: Panels;
  readonly stores: Stores;
  readonly top: HostTop;
  /** Notes what was done at a panel; `refused` null: it worked. */
  auditPanel(by: Actor, action: string, panel: string, refused: Reason | null): void;
  /** The incidents that a message of a chat shows. */
  incidentsIn(chat: string, message: number): readonly number[];
  readonly history: Pick<History, 'series' | 'bytes'>;
  readonly pictures: Pick<Pictures, 'chart' | 'dashboard'>;
  readonly panelPictures: PanelPictures;
  readonly digests: Digests;
  readonly settings: Settings;
  /** Epoch ms. */
  readonly clock: () => number;
  readonly log: Logger;
  readonly version: string;
  /** An admin wants to hear more or less than before. */
  onPreferences(): void;
  /** Somebody who is no admin wrote; at most once per person, and bounded. They get no answer. */
  onStranger(who: { readonly id: number; readonly name: string; readonly username: string | null }): void;
  /** An admin wrote or tapped: their chat can be written to. */
  onAdminSeen(id: number): void;
  /** Each change of whether the bot hears Telegram. */
  onState(view: Pick<TelegramView, 'state' | 'reason'>): void;
  /** Updates do not come any more although Telegram answers, and rebuilding the poller did not help. */
  onStuck(): void;
  /** Only tests change these. */
  readonly timing?: Partial<Timing>;
}

/** One thing to be told about an incident. */
export interface IncidentNotice {
  readonly incident: Incident;
  /** The service as it is now; null when it is not configured any more. */
  readonly service: ServiceView | null;
  /** Titles of services whose problems this one explains; they get no notice of their own. */
  readonly affects: readonly string[];
  /** What keeps it quiet now. */
  readonly mute: Mute | null;
  /** How the service came out of flapping; null: it did not, or long ago. */
  readonly settledAs: Health | null;
  readonly counts: { readonly down: number; readonly total: number };
  /** How late (ms) it is said; null when at once. */
  readonly delayedBy: number | null;
  /** An earlier copy may have arrived: the answer to it was lost. */
  readonly repeat: boolean;
  /** Epoch ms. */
  readonly now: number;
}

/** What a chat shows: Telegram HTML and inline buttons. */
export interface Rendered {
  readonly text: string;
  readonly buttons: readonly (readonly Button[])[];
}

export interface Telegram {
  /** Returns at once; connects in the background for as long as it takes. */
  start(): void;
  /** The first definite answer to "who am I": a wrong token is known by it. Pending while Telegram cannot be reached. */
  readonly firstContact: Promise<'ok' | 'unauthorized'>;
  /** Works as soon as Telegram does, whether or not polling does. */
  readonly transport: Transport;
  /** The one message about an incident (or several that came together), as it stands now; edited as it moves. */
  renderIncidents(language: Language, notices: readonly IncidentNotice[], role: Role, timezone: string): Rendered;
  /** The short answer to that message when all of it is well again. */
  renderRecovery(language: Language, notices: readonly IncidentNotice[]): Rendered;
  /** The digest in words. */
  renderDigest(
    language: Language,
    digest: Digest,
    late: Pick<IncidentNotice, 'delayedBy' | 'repeat'>,
    timezone: string,
  ): Rendered;
  languageOf(adminId: number): Language;
  timezoneOf(adminId: number): string;
  /** Stops polling and waits for the handlers that still run, 10 s at most. */
  stop(): Promise<void>;
  /** Epoch ms of the last completed poll; null before the first. */
  lastPollAt(): number | null;
}
