/** Small durable values by name (an admin's language, whom the bot told what). Reads are cheap. */
export interface Settings {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
}
