import { lstat, mkdir, rename, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Reason, reason } from '../core/reason.ts';
import type { Logger } from '../logger.ts';
import { carryOut, type Doors, readRequest } from './control-requests.ts';
import { readLines } from './lines.ts';
import { type Answer, maxRequestBytes, type Request, workingEvery } from './protocol.ts';

export interface ControlServer {
  /** Rejects with a {@link ControlSocketError} when this data folder is taken or the socket cannot be made. */
  listen(): Promise<void>;
  /** Hangs up on everybody and removes the socket. Actions under way go on. */
  close(): Promise<void>;
}

export interface ControlServerOptions extends Doors {
  readonly path: string;
  readonly log: Logger;
}

/** Why the manager cannot be reached at its socket; nothing was touched. `reason` says it to a person. */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError';
  readonly reason: Reason;

  constructor(why: Reason) {
    super(why.code);
    this.reason = why;
  }
}

const maxConnections = 32;
/** A connection that asks nothing for so long (ms) gives its place back. */
const idleLimit = 30_000;
/** `sun_path` of Linux holds 108 bytes with the final zero; libuv would cut the rest off silently. */
const maxPathBytes = 107;

/** The manager's end of the control socket: mode 0600 from its first moment, never taken from a living manager. */
export function createControlServer({ path, log, ...doors }: ControlServerOptions): ControlServer {
  const sockets = new Set<Socket>();
  // Half-open, so that a client that sends its request and its end in one go still gets its answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', (err) => log.debug({ err }, 'control connection broke'));
    if (sockets.size >= maxConnections) {
      hangUp(socket, { id: null, type: 'refused', code: 'busy', reason: reason('control-busy') });
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setTimeout(idleLimit, () => socket.destroy());
    serve(socket, doors, log).catch((err: unknown) => {
      log.debug({ err }, 'control connection ended early');
      socket.destroy();
    });
  });

  return {
    async listen() {
      if (Buffer.byteLength(path) > maxPathBytes)
        throw new ControlSocketError(reason('control-path-too-long', { path, max: maxPathBytes }));
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await removeStale(path);
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) =>
          reject(
            error.code === 'EADDRINUSE'
              ? new ControlSocketError(reason('control-taken', { path }))
              : new ControlSocketError(reason('control-cannot-listen', { path, code: error.code ?? error.message })),
          ),
        );
        // bind(2) happens inside listen(), so the file never exists with wider rights.
        const before = process.umask(0o177);
        try {
          server.listen(path, resolve);
        } finally {
          process.umask(before);
        }
      });
      server.removeAllListeners('error').on('error', (err) => log.error({ err }, 'control socket failed'));
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
    },
  };
}

function line(answer: Answer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** Says a last word. What the other side still sends is thrown away, and it has a second to read and go. */
function hangUp(socket: Socket, answer: Answer): void {
  socket.end(line(answer));
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}

/** One request after the other: who pipelines waits, and nobody can pile up work. */
async function serve(socket: Socket, doors: Doors, log: Logger): Promise<void> {
  for await (const text of readLines(socket.iterator({ destroyOnReturn: false }), maxRequestBytes)) {
    if (text === null) {
      hangUp(socket, { id: null, type: 'refused', code: 'bad-request', reason: reason('control-line-too-long') });
      return;
    }
    const read = readRequest(text);
    const answer = read.ok ? await work(socket, read.request, doors, log) : read.answer;
    // The callback comes when the kernel took it or the socket died: a client that never reads holds only itself up.
    await new Promise<void>((resolve) => socket.write(line(answer), () => resolve()));
  }
  socket.end();
}

/** Carries a request out and meanwhile says that it does, so that the client can tell long from hung. */
async function work(socket: Socket, request: Request, doors: Doors, log: Logger): Promise<Answer> {
  let progress: { readonly done: number; readonly of: number } | null = null;
  const ticking = setInterval(
    () => socket.write(line({ id: request.id, type: 'working', ...(progress === null ? {} : { progress }) })),
    workingEvery,
  );
  try {
    return await carryOut(request, doors, log, (done, of) => {
      progress = { done, of };
    });
  } finally {
    clearInterval(ticking);
  }
}

/**
 * Throws a {@link ControlSocketError} when another manager answers at `path`. To be asked before anything in its data
 * folder is opened; the socket itself, once listened on, is what really locks the folder.
 */
export async function refuseIfTaken(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() && (await answers(path))) throw new ControlSocketError(reason('control-taken', { path }));
}

/** Makes room for our socket where a dead manager left its own. Throws when a living one is there. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new ControlSocketError(reason('control-not-a-socket', { path }));
  if (await answers(path)) throw new ControlSocketError(reason('control-taken', { path }));
  // Another manager may start at this very moment and have put its own socket here since we looked: only what was
  // moved away and is still silent is removed, the other's is put back.
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return; // The other one was faster; binding will tell.
  }
  if (await answers(aside)) {
    await rename(aside, path);
    throw new ControlSocketError(reason('control-taken', { path }));
  }
  await unlink(aside);
}

/** Whether somebody listens. Only a clear "refused" means no. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
