const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' };

/** The text of a message as people read it: Telegram's HTML without its tags. */
export function plain(html: string): string {
  return html.replace(/<[^>]*>/g, '').replace(/&(lt|gt|quot|amp);/g, (whole, name: string) => entities[name] ?? whole);
}

/** A key of a delivery as a number that a message can be known by; 48 bits of it. */
export function messageNumber(key: string): number {
  return Number.parseInt(key.slice(0, 12), 16);
}
