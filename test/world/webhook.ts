/** A receiver of webhooks on a loopback port: keeps what it got and answers as told. */
import { createServer } from 'node:http';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: unknown;
}

/** A status, with headers if need be; `hang`: none at all. */
export type Answer = number | 'hang' | { readonly status: number; readonly headers: Readonly<Record<string, string>> };

export interface WebhookWorld {
  readonly url: string;
  readonly received: readonly Received[];
  /** The next answers; 204 when none is left. */
  answer(...answers: readonly Answer[]): void;
  stop(): Promise<void>;
}

export async function startWebhook(path = '/hook/secret-part'): Promise<WebhookWorld> {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const key = request.headers['idempotency-key'];
      received.push({
        method: request.method ?? '',
        path: request.url ?? '',
        key: typeof key === 'string' ? key : null,
        body: text === '' ? null : JSON.parse(text),
      });
      const next = answers.shift() ?? 204;
      if (next === 'hang') return;
      if (typeof next === 'number') response.writeHead(next).end();
      else response.writeHead(next.status, next.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    received,
    answer: (...more) => void answers.push(...more),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
