import { Agent, type IncomingMessage, request } from 'node:http';
import * as z from 'zod';
import { engineFailure, type Failure } from './failures.ts';

export interface Question {
  readonly method?: 'GET' | 'POST';
  /** Without a version in front: the engine's own, which every engine has. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly deadlineMs?: number;
}

export type Answer =
  | { readonly ok: true; readonly status: number; readonly body: Buffer }
  /** It answered that it cannot or will not. */
  | { readonly ok: false; readonly status: number; readonly message: string }
  /** It could not be asked. */
  | { readonly ok: false; readonly status: null; readonly failure: Failure };

/** A container engine that speaks Docker's API on a Unix socket. */
export interface Engine {
  readonly socket: string;
  ask(question: Question): Promise<Answer>;
  /** An answer that goes on for ever; rejects when there is none. */
  stream(question: Question): Promise<IncomingMessage>;
  close(): void;
}

/** An inspection takes a few ms; an engine that is busy with many containers takes seconds. */
const deadlineMs = 10_000;
/** More than any answer that is asked for here; logs are cut off there. */
const maxBytes = 16 * 1024 * 1024;
const messageSchema = z.object({ message: z.string() });

export function createEngine(socket: string): Engine {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });

  function send(question: Question, own: Agent | false, signal: AbortSignal | null): Promise<IncomingMessage> {
    const query = new URLSearchParams(question.query).toString();
    const path = query === '' ? question.path : `${question.path}?${query}`;
    const body = question.body === undefined ? '' : JSON.stringify(question.body);
    const headers: Record<string, string | number> = { host: 'docker', 'content-length': Buffer.byteLength(body) };
    if (body !== '') headers['content-type'] = 'application/json';
    const method = question.method ?? 'GET';
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: socket, method, path, headers, agent: own, ...(signal && { signal }) });
      outgoing.on('response', resolve);
      // A connection that was kept open may have been closed at the other end at this very moment.
      outgoing.on('error', (error) => {
        if (outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET')
          resolve(send(question, false, signal));
        else reject(error);
      });
      outgoing.end(body);
    });
  }

  async function ask(question: Question): Promise<Answer> {
    try {
      const incoming = await send(question, agent, AbortSignal.timeout(question.deadlineMs ?? deadlineMs));
      const status = incoming.statusCode ?? 0;
      const body = await readBody(incoming);
      return status < 400 ? { ok: true, status, body } : { ok: false, status, message: messageIn(body) };
    } catch (error) {
      return { ok: false, status: null, failure: engineFailure(error, socket) };
    }
  }

  return {
    socket,
    ask,
    async stream(question) {
      const opening = new AbortController();
      const timer = setTimeout(() => opening.abort(), deadlineMs);
      try {
        const incoming = await send(question, false, opening.signal);
        if (incoming.statusCode === 200) return incoming;
        incoming.resume();
        throw new Error(`status ${incoming.statusCode}`);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => agent.destroy(),
  };
}

/** What does not fit is left out, and the connection with it. */
async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

function messageIn(body: Buffer): string {
  const parsed = messageSchema.safeParse(parseJson(body));
  return parsed.success ? parsed.data.message : '';
}

/** undefined for what is not JSON. */
export function parseJson(body: Buffer | string): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
