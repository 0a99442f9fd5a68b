import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { type Engine, parseJson } from './engine.ts';
import { engineFailure, type Failure } from './failures.ts';
import { type Listed, listContainers } from './find.ts';

const eventSchema = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).default({}) }),
  timeNano: z.number(),
});
export type ContainerEvent = z.infer<typeof eventSchema>;

/** Who wants to know of one container. */
export interface Watcher {
  /** Something happened to some container. */
  event(event: ContainerEvent): void;
  /** The stream has ended. */
  lost(): void;
  /** A new stream is there; whatever happened until now may have been missed. */
  refresh(): void;
  /** The engine cannot be asked. */
  away(failure: Failure): void;
  /** All containers as they are now; true when that does not fit what the watcher knows. */
  surprised(listed: readonly Listed[]): boolean;
}

const actions = ['create', 'start', 'die', 'kill', 'destroy', 'rename', 'pause', 'unpause'];
/** First wait before the stream is opened again; doubles up to the last. */
const reopenMs = 250;
const maxReopenMs = 15_000;
/** A stream that has died without a word looks like one on which nothing happens. */
const heartbeatMs = 30_000;
/** No event of an engine is longer. */
const maxLine = 1024 * 1024;

/** One stream of an engine's events for all its services, opened again for ever. */
export function createEvents(engine: Engine, intervals = { heartbeatMs }) {
  const watchers = new Set<Watcher>();
  let stream: IncomingMessage | null = null;
  let opening = false;
  let again: NodeJS.Timeout | null = null;
  let wait = reopenMs;
  let closed = false;
  const heartbeat = setInterval(() => void beat(), intervals.heartbeatMs).unref();

  async function open(): Promise<void> {
    if (closed || opening || stream !== null || watchers.size === 0) return;
    opening = true;
    try {
      const filters = JSON.stringify({ type: ['container'], event: actions });
      const opened = await engine.stream({ path: '/events', query: { filters } });
      if (closed) return void opened.destroy();
      stream = opened;
      wait = reopenMs;
      read(opened);
      for (const watcher of watchers) watcher.refresh();
    } catch (error) {
      const failure = engineFailure(error, engine.socket);
      for (const watcher of watchers) watcher.away(failure);
      reopenIn(wait);
      wait = Math.min(wait * 2, maxReopenMs);
    } finally {
      opening = false;
    }
  }

  function read(from: IncomingMessage): void {
    let unread = '';
    from.setEncoding('utf8');
    from.on('data', (chunk: string) => {
      unread += chunk;
      const lines = unread.split('\n');
      unread = lines.pop() ?? '';
      for (const line of lines) hear(line);
      if (unread.length > maxLine) from.destroy();
    });
    from.on('error', () => {});
    from.on('close', () => {
      if (stream !== from) return;
      stream = null;
      for (const watcher of watchers) watcher.lost();
      reopenIn(0);
    });
  }

  function hear(line: string): void {
    const parsed = eventSchema.safeParse(parseJson(line));
    if (parsed.success) for (const watcher of [...watchers]) watcher.event(parsed.data);
  }

  function reopenIn(ms: number): void {
    if (closed || again !== null) return;
    again = setTimeout(() => {
      again = null;
      void open();
    }, ms);
    again.unref();
  }

  async function beat(): Promise<void> {
    const seen = stream;
    if (seen === null || watchers.size === 0) return;
    const listed = await listContainers(engine, {});
    if (!listed.ok) return void seen.destroy();
    // Their events should have been heard.
    if ([...watchers].some((watcher) => watcher.surprised(listed.containers))) seen.destroy();
  }

  return {
    watch(watcher: Watcher): () => void {
      watchers.add(watcher);
      void open();
      return () => void watchers.delete(watcher);
    },
    close(): void {
      closed = true;
      clearInterval(heartbeat);
      if (again) clearTimeout(again);
      stream?.destroy();
    },
  };
}

export type Events = ReturnType<typeof createEvents>;
