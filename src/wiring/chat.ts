import type { Config } from '../config/schema.ts';
import type { Mute } from '../core/mute.ts';
import { reason } from '../core/reason.ts';
import type { TelegramView } from '../core/snapshot.ts';
import type { Announcer, Recipient } from '../outbox/announce.ts';
import { createOutbox } from '../outbox/outbox.ts';
import { createRouter } from '../outbox/router.ts';
import type { IncidentTable } from '../store/incidents.ts';
import type { OutboxTable } from '../store/outbox.ts';
import type { Ledger } from '../supervisor/ledger.ts';
import { createTelegram, type TelegramOptions } from '../telegram/bot.ts';
import { createRenderer } from '../telegram/renderer.ts';
import { movedKey, openChannels } from './channels.ts';

/** What is read from the configuration, and what the outbox and the bot want of each other, is seen to here. */
type OfOthers = Omit<
  TelegramOptions,
  | 'token'
  | 'apiRoot'
  | 'proxy'
  | 'admins'
  | 'timezone'
  | 'incidentsIn'
  | 'onPreferences'
  | 'onStranger'
  | 'onAdminSeen'
  | 'onState'
>;

export interface ChatOptions extends OfOthers {
  readonly config: Config;
  readonly table: OutboxTable;
  readonly incidents: IncidentTable;
  readonly ledger: Pick<Ledger, 'isFlap' | 'isCaused'>;
  readonly announcer: Pick<Announcer, 'text'>;
  /** Everybody who is told of alerts, as they want it now. */
  readonly recipients: () => readonly Recipient[];
  /** Chats of those who may do everything. */
  readonly owners: readonly string[];
  readonly mutes: () => readonly Mute[];
}

/**
 * The bot, and the outbox that speaks through it. In a module of its own so that it is loaded when the services have
 * been seen to: it is half of the program.
 */
export async function openChat(options: ChatOptions) {
  const { config, settings, announcer, owners, ledger, control, alerting, digests, clock, log } = options;
  let seen: Pick<TelegramView, 'state' | 'reason'> = { state: 'connecting', reason: null };
  let since = clock();

  const telegram = createTelegram({
    ...options,
    token: config.telegram.token,
    apiRoot: config.telegram.api_root,
    proxy: config.telegram.proxy,
    admins: config.admins,
    timezone: config.monitoring.timezone,
    incidentsIn: options.table.incidentsIn,
    onPreferences: () => outbox.reconsider(),
    onStranger(who) {
      const name = who.username === null ? who.name : `${who.name} @${who.username}`;
      announcer.text(owners, reason('stranger', { name, id: String(who.id) }), true);
      outbox.kick();
    },
    onAdminSeen: (id) => outbox.unpark(String(id)),
    onState(view) {
      if (view.state !== seen.state) since = clock();
      seen = view;
      if (view.state === 'polling') outbox.reachable();
    },
  });

  const outbox = createOutbox({
    table: options.table,
    incidents: options.incidents,
    transport: createRouter({ telegram: telegram.transport, ...(await openChannels(config, clock)) }),
    render: createRenderer(telegram, config.admins, { control, alerting, clock }, digests),
    chatView(chat) {
      const recipient = options.recipients().find((each) => each.chat === chat);
      return {
        timezone: recipient?.timezone ?? config.monitoring.timezone,
        mutes: options.mutes(),
        level: recipient?.level ?? 'info',
        quiet: recipient?.quiet ?? null,
      };
    },
    view: (incident) => ({ flapping: ledger.isFlap(incident), caused: ledger.isCaused(incident.service) }),
    groupWindow: config.monitoring.alerts.group_window,
    onMoved: (from, to) => settings.set(movedKey(from), to),
    onParked(chat) {
      const name = config.admins.find(({ id }) => String(id) === chat)?.name ?? null;
      const others = owners.filter((owner) => owner !== chat);
      announcer.text(others, reason('chat-unreachable', { chat: name === null ? chat : `${name} (${chat})` }), true);
    },
    clock,
    log,
  });

  return {
    telegram,
    outbox,
    view: (): TelegramView => ({ ...seen, since, ...outbox.view() }),
  };
}

export type Chat = Awaited<ReturnType<typeof openChat>>;
