import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a Unix socket, and breaks what goes through it in the ways that real life has. */
export interface Relay {
  readonly path: string;
  /** Paths of the HTTP requests that came through, in order. */
  readonly requests: readonly string[];
  /** Ends every connection there is. */
  cut(): void;
  /** From now on nothing goes through the connections there are; they stay open. */
  mute(): void;
  /** From now on requests wait here instead of going through, until they are let go. */
  hold(): void;
  /** As soon as a request with this text has gone through, answers wait here, and come in one piece when let go. */
  holdAnswersTo(text: string): void;
  /** Bytes of answers that wait. */
  heldBytes(): number;
  letGo(): void;
  /** Takes new connections again, after `close` had refused them. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export async function startRelay(path: string, target: string): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const requests: string[] = [];
  let held: (() => void)[] | null = null;
  let trigger: string | null = null;
  let answers: Map<Socket, Buffer[]> | null = null;
  const server = createServer((client) => {
    const upstream = connect(target);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('data', (chunk) => {
      const line = /^[A-Z]+ (\S+) HTTP/.exec(chunk.toString('latin1'));
      if (line?.[1] !== undefined) requests.push(line[1]);
      if (!pairs.has(pair)) return;
      if (held) held.push(() => void upstream.write(chunk));
      else upstream.write(chunk);
      if (trigger !== null && chunk.includes(trigger)) answers ??= new Map();
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!pairs.has(pair)) return;
      if (answers) answers.set(client, [...(answers.get(client) ?? []), chunk]);
      else client.write(chunk);
    });
    for (const [one, other] of [pair, [upstream, client] as const])
      one
        .on('error', () => {})
        .on('close', () => {
          pairs.delete(pair);
          other.destroy();
        });
  });

  function cut(): void {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  const relay: Relay = {
    path,
    requests,
    cut,
    mute() {
      // Read and thrown away, as a broken relay does.
      pairs.clear();
    },
    hold() {
      held ??= [];
    },
    holdAnswersTo(text) {
      trigger = text;
    },
    heldBytes: () => [...(answers?.values() ?? [])].flat().reduce((sum, { length }) => sum + length, 0),
    letGo() {
      const waiting = held ?? [];
      const back = answers ?? new Map<Socket, Buffer[]>();
      held = null;
      trigger = null;
      answers = null;
      for (const go of waiting) go();
      for (const [client, chunks] of back) client.write(Buffer.concat(chunks));
    },
    open: () => new Promise((resolve) => void server.listen(path, () => resolve())),
    close() {
      cut();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
  await relay.open();
  return relay;
}
