import { connect as connectSocket, type Socket } from 'node:net';
import { decodeMessage, encodeCall, type Message, type MethodCall } from './message.ts';
import { WireError } from './reader.ts';

/** Where a bus or a program that speaks D-Bus listens. */
export interface Endpoint {
  /** Path of the socket; a leading NUL for one in the abstract namespace. */
  readonly path: string;
  /** Not a bus but the program itself: there is no name to be had and nobody to route. */
  readonly direct: boolean;
}

export type Reply =
  | { readonly ok: true; readonly body: readonly unknown[] }
  /** `error`: the name that the other side gave it, or one of ours: `timeout`, `disconnected`. */
  | { readonly ok: false; readonly error: string; readonly message: string };

export interface Connection {
  /**
   * Never rejects. `at`: told of the reply at its place in the stream, before any message that follows it; who awaits
   * the promise gets to it later.
   */
  call(call: MethodCall, deadlineMs?: number, at?: (reply: Reply) => void): Promise<Reply>;
  onSignal(listener: (message: Message) => void): void;
  /** Told once, however it ends; at once when it has ended already. */
  onClose(listener: (why: string) => void): void;
  close(): void;
}

/** From connecting to being known on the bus: about 2 ms. */
const connectDeadlineMs = 5000;
/** systemd answers in milliseconds; on a machine that is short of everything it may take seconds. */
const callDeadlineMs = 5000;

/** Connects and authenticates as this process's user (SASL EXTERNAL). Rejects with the system's own error. */
export async function connectBus(endpoint: Endpoint): Promise<Connection> {
  const socket = await openSocket(endpoint.path);
  const connection = speak(socket);
  if (endpoint.direct) return connection;
  const hello = await connection.call(
    {
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      iface: 'org.freedesktop.DBus',
      member: 'Hello',
    },
    connectDeadlineMs,
  );
  if (hello.ok) return connection;
  connection.close();
  throw new Error(`the bus did not say hello: ${hello.error}`);
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(path);
    const timer = setTimeout(() => fail(new Error('the bus is silent')), connectDeadlineMs);
    let answer = '';
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const ended = () => fail(new Error('the bus hung up'));
    const read = (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\r\n')) return;
      if (!answer.startsWith('OK ')) return fail(new Error(`the bus refused this user: ${answer.trim()}`));
      clearTimeout(timer);
      socket.off('data', read).off('error', fail).off('close', ended).pause();
      resolve(socket);
    };
    socket.on('error', fail).on('close', ended).on('data', read);
    const user = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
    // All at once, as systemd's own clients do: it overlooks a message that comes in one piece with BEGIN.
    socket.on('connect', () => socket.write(`\0AUTH EXTERNAL ${user}\r\nBEGIN\r\n`));
  });
}

function speak(socket: Socket): Connection {
  const waiting = new Map<number, (reply: Reply) => void>();
  const signalListeners: ((message: Message) => void)[] = [];
  const closeListeners: ((why: string) => void)[] = [];
  let ended: string | null = null;
  let serial = 0;
  let unread: Buffer = Buffer.alloc(0);

  function end(why: string): void {
    if (ended !== null) return;
    ended = why;
    socket.destroy();
    for (const settle of [...waiting.values()]) settle({ ok: false, error: 'disconnected', message: why });
    for (const listener of closeListeners) listener(why);
  }

  function take(message: Message): void {
    if (message.kind === 'signal') for (const listener of signalListeners) listener(message);
    const settle = waiting.get(message.replyTo);
    if (!settle) return;
    if (message.kind === 'return') settle({ ok: true, body: message.body() });
    if (message.kind === 'error') settle({ ok: false, error: message.error, message: String(message.body()[0] ?? '') });
  }

  socket.on('data', (chunk: Buffer) => {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    try {
      for (let next = decodeMessage(unread); next !== null; next = decodeMessage(unread)) {
        unread = unread.subarray(next.length);
        take(next.message);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      end(error.message);
    }
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the bus hung up'));
  socket.resume();

  return {
    call(call, deadlineMs = callDeadlineMs, at = undefined) {
      if (ended !== null) return Promise.resolve({ ok: false, error: 'disconnected', message: ended });
      serial += 1;
      const own = serial;
      return new Promise((resolve) => {
        const settle = (reply: Reply) => {
          clearTimeout(timer);
          waiting.delete(own);
          at?.(reply);
          resolve(reply);
        };
        const timer = setTimeout(
          () => settle({ ok: false, error: 'timeout', message: `no answer in ${deadlineMs} ms` }),
          deadlineMs,
        );
        waiting.set(own, settle);
        socket.write(encodeCall(own, call));
      });
    },
    onSignal: (listener) => void signalListeners.push(listener),
    onClose(listener) {
      if (ended === null) closeListeners.push(listener);
      else listener(ended);
    },
    close: () => end('closed'),
  };
}
