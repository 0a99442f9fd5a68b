/** The ways to somebody. Each fails by itself: when one is away the others go on. */
export type Channel = 'telegram' | 'email' | 'webhook';

/** The channel of a chat by its prefix; Telegram's ids are plain numbers. */
export function channelOf(chat: string): Channel {
  if (chat.startsWith('mailto:')) return 'email';
  return /^https?:/.test(chat) ? 'webhook' : 'telegram';
}

/** Only Telegram's messages can be changed after they were sent. */
export function canEdit(chat: string): boolean {
  return channelOf(chat) === 'telegram';
}

/** A webhook's chat: its origin. The path of its address is often the secret, and chats stand in logs. */
export function webhookChat(url: string): string {
  return new URL(url).origin;
}
