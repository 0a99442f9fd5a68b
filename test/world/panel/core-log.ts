/** What xray of one core writes: kept for who comes later (the last hundred lines), and told to who listens. */
export class CoreLog {
  readonly #clock: () => number;
  #lines: string[] = [];
  readonly #listeners = new Set<{ readonly line: (text: string) => void; readonly end: () => void }>();

  constructor(clock: () => number) {
    this.#clock = clock;
    this.started();
  }

  /** As the real one words it. */
  started(): void {
    this.write('[Warning] core: Xray 1.8.24 started');
  }

  write(text: string): void {
    const at = new Date(this.#clock()).toISOString();
    const line = `${at.slice(0, 10).replaceAll('-', '/')} ${at.slice(11, 19)} ${text}`;
    this.#lines = [...this.#lines, line].slice(-100);
    for (const { line: tell } of this.#listeners) tell(line);
  }

  /** The lines so far, then each new one. Returns how to stop listening. */
  follow(line: (text: string) => void, end: () => void): () => void {
    const listener = { line, end };
    for (const old of this.#lines) line(old);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The panel makes a new object for it: who listened to the old one hears no more. */
  replace(): void {
    this.#lines = [];
    for (const { end } of this.#listeners) end();
    this.#listeners.clear();
  }
}
