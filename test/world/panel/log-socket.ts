import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { SimAdmin } from './auth.ts';
import type { CoreLog } from './core-log.ts';
import type { Engine } from './engine.ts';

export interface LogSocketOptions {
  readonly engine: Engine;
  /** Whose token it is; null: nobody's. */
  readonly who: (token: string) => SimAdmin | null;
  /** How the connection was asked for, without its token. */
  readonly note: (url: string, status: number) => void;
}

const MOST_SECONDS = 10;

/**
 * `/api/core/logs` and `/api/node/<id>/logs`. Whatever is wrong (no token, no sudoer, no such node, a node that is not
 * connected, a silly interval) is a handshake that ends with 403: the codes of the panel's own never reach anybody.
 */
export function createLogSockets({ engine, who, note }: LogSocketOptions) {
  const server = new WebSocketServer({ noServer: true });

  function logOf(path: string): CoreLog | null {
    if (path === '/api/core/logs') return engine.log;
    const id = /^\/api\/node\/(\d+)\/logs$/.exec(path)?.[1];
    const node = engine.nodes.find((each) => each.id === Number(id));
    return node?.status === 'connected' ? node.log : null;
  }

  function accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path = '/', search = ''] = (request.url ?? '/').split('?');
    const query = new URLSearchParams(search);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? query.get('token') ?? '';
    const interval = query.has('interval') ? Number(query.get('interval')) : null;
    const log = logOf(path);
    const silly = interval !== null && !(interval > 0 && interval <= MOST_SECONDS);
    query.delete('token');
    const url = query.size === 0 ? path : `${path}?${query}`;
    if (log === null || silly || who(token)?.sudo !== true) {
      note(url, 403);
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    note(url, 101);
    server.handleUpgrade(request, socket, head, (client) => {
      let waiting: string[] = [];
      const flush = () => {
        if (waiting.length > 0) client.send(waiting.join('\n'));
        waiting = [];
      };
      const timer = interval === null ? null : setInterval(flush, interval * 1000);
      const leave = log.follow(
        (line) => (interval === null ? client.send(line) : waiting.push(line)),
        () => client.close(),
      );
      client.on('close', () => {
        leave();
        if (timer !== null) clearInterval(timer);
      });
    });
  }

  return {
    accept,
    /** How many listen. */
    count: (): number => server.clients.size,
    close(): void {
      for (const client of server.clients) client.terminate();
    },
  };
}
