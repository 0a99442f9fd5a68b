import { createServer, type Server } from 'node:http';
import { connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** Where clients asked to be connected to, `host:port`. */
  readonly asked: string[];
  close(): Promise<void>;
}

async function listen(server: Server | NetServer, asked: string[], sockets: Set<Socket>): Promise<Proxy> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function join(client: Socket, host: string, port: number, ready: () => void): void {
  const target = connect(port, host, () => {
    ready();
    client.pipe(target).pipe(client);
  });
  target.on('error', () => client.destroy());
  client.on('close', () => target.destroy());
}

/** An HTTP proxy that only tunnels. `status` other than 200: it refuses. */
export function startConnectProxy(status = 200): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '' }, client: Socket) => {
    asked.push(url);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port] = url.split(':');
    join(client, host, Number(port), () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  return listen(server, asked, sockets);
}

/** A SOCKS5 proxy without passwords, CONNECT only; names are resolved here (`names`: what they resolve to). */
export function startSocksProxy(names: Readonly<Record<string, string>> = {}): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createNetServer((client) => {
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const named = request[3] === 3;
        const length = named ? (request[4] ?? 0) : 4;
        const start = named ? 5 : 4;
        const host = named
          ? request.subarray(start, start + length).toString()
          : [...request.subarray(start, start + 4)].join('.');
        const port = request.readUInt16BE(start + length);
        asked.push(`${host}:${port}`);
        join(client, names[host] ?? host, port, () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
      });
    });
  });
  return listen(server, asked, sockets);
}
