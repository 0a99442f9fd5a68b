import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { Reminders } from '../core/incident.ts';
import { preferencesOf } from '../core/preferences.ts';
import type { Settings } from '../core/settings.ts';
import type { Recipient } from '../outbox/announce.ts';
import { webhookChat } from '../outbox/channel.ts';
import type { Transport } from '../outbox/transport.ts';

/** The chats beside Telegram's. */
export function otherChannels({ monitoring: { alerts } }: Config): readonly string[] {
  return [
    ...(alerts.email === null ? [] : [`mailto:${alerts.email.to}`]),
    ...(alerts.webhook === null ? [] : [webhookChat(alerts.webhook)]),
  ];
}

/** Where there are admins of the second tier and further channels, these come after those. */
export function handsOver(config: Config): NonNullable<Reminders['channels']> {
  const admins = config.admins.some(({ tier }) => tier === 'next');
  return admins && otherChannels(config).length > 0 ? 'after-admins' : 'with-admins';
}

/** The ways to them; what is not configured is not even loaded. */
export async function openChannels({ monitoring: { alerts } }: Config, clock: () => number) {
  const { email, webhook } = alerts;
  const host = hostname();
  const ways: { email?: Transport; webhook?: Transport } = {};
  if (email !== null) {
    const { createEmail } = await import('../outbox/email.ts');
    ways.email = createEmail({ smtpUrl: email.smtp_url, from: email.from ?? email.to, host, clock });
  }
  if (webhook !== null) {
    const { createWebhook } = await import('../outbox/webhook.ts');
    ways.webhook = createWebhook({ url: webhook, host, clock });
  }
  return ways;
}

/** Admins' own chats (a private chat has its user's id), as each wants it, and the group, if there is one. */
export function recipientsOf(config: Config, settings: Settings): readonly Recipient[] {
  const own = config.admins.map((admin): Recipient => {
    const { level, quiet, hours } = preferencesOf(settings, admin);
    const { timezone, tier } = admin;
    return { chat: String(admin.id), topic: null, level, quiet: quiet ? hours : null, timezone, tier };
  });
  const { alert_chat, alert_topic } = config.telegram;
  if (alert_chat === null) return own;
  const chat = settings.get(movedKey(String(alert_chat))) ?? String(alert_chat);
  return [...own, { chat, topic: alert_topic, level: 'info', quiet: null, tier: 'first' }];
}

/** Everybody who is told of alerts. The chats beside Telegram's are of the second tier, until they take over. */
export function allRecipients(config: Config, settings: Settings, takenOver: () => boolean): readonly Recipient[] {
  const others = otherChannels(config).map((chat): Recipient => {
    const tier = takenOver() ? 'first' : 'next';
    return { chat, topic: null, level: 'warning', quiet: null, tier };
  });
  return [...recipientsOf(config, settings), ...others];
}

/** Where a group lives since it became a supergroup: the configuration still has its old id. */
export function movedKey(chat: string): string {
  return `moved:${chat}`;
}
