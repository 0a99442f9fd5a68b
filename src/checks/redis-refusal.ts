import { connect, type NetConnectOpts } from 'node:net';

/** A server that turns somebody away says why before it hangs up; nobody has to wait long for it. */
const PATIENCE_MS = 500;
const MAX_CHARACTERS = 500;

interface Place {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly tls?: unknown;
}

/**
 * Why a Redis hangs up at once (too many clients, protected mode), read from a connection over which nothing is sent:
 * who writes into one that the other side is closing loses the words that were on their way. null: it says nothing.
 */
export function refusalOf(place: Place, signal: AbortSignal) {
  return new Promise<Error | null>((resolve) => {
    if (place.tls !== undefined || signal.aborted) return resolve(null);
    const where: NetConnectOpts =
      place.path === undefined ? { host: place.host ?? '', port: place.port ?? 0 } : { path: place.path };
    const socket = connect(where).setTimeout(PATIENCE_MS).setEncoding('utf8');
    let said = '';
    const end = (): void => {
      signal.removeEventListener('abort', end);
      socket.destroy();
      const line = /^-(.+)\r\n/.exec(said)?.[1];
      resolve(line === undefined ? null : new Error(line));
    };
    signal.addEventListener('abort', end, { once: true });
    socket.on('data', (text: string) => {
      said += text;
      if (said.includes('\n') || said.length > MAX_CHARACTERS) end();
    });
    socket.on('timeout', end).on('error', end).on('close', end);
  });
}
