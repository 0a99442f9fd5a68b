/** A panel's token. `expires` is epoch ms by our own clock; null: it has no end. */
export interface StoredToken {
  readonly token: string;
  readonly expires: number | null;
}

/**
 * Where tokens live between two runs of the manager, so that a restart does not log in again (each login is posted to
 * the panel owner's chat). `key` names the panel and the account.
 */
export interface TokenStore {
  load(key: string): StoredToken | null;
  save(key: string, token: string, expires: number | null): void;
  /** The token is dead. */
  forget(key: string): void;
  /** The mark of the password that the panel refused; null: none. Never the password itself. */
  rejected(key: string): string | null;
  /** Remembers a refusal (null: no longer). */
  reject(key: string, mark: string | null): void;
}

/** Tokens that end with the process. */
export function createMemoryTokens(): TokenStore {
  const tokens = new Map<string, StoredToken>();
  const marks = new Map<string, string>();
  return {
    load: (key) => tokens.get(key) ?? null,
    save: (key, token, expires) => void tokens.set(key, { token, expires }),
    forget: (key) => void tokens.delete(key),
    rejected: (key) => marks.get(key) ?? null,
    reject: (key, mark) => void (mark === null ? marks.delete(key) : marks.set(key, mark)),
  };
}
