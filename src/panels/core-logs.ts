import type { PanelRecord } from '../core/panel-health.ts';
import type { CoreLogs, CoreLogView } from '../core/panel-view.ts';
import type { Reason } from '../core/reason.ts';
import type { PanelAdapter } from './panel.ts';

export interface CoreLogOptions {
  readonly mode: CoreLogs;
  readonly adapter: Pick<PanelAdapter, 'coreLog'>;
  /** Epoch ms. */
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly record: () => PanelRecord;
  /** xray has started; `node` null: the panel's own. */
  readonly onStart: (node: string | null) => void;
  /** A bug, not a panel's fault. */
  readonly onError: (error: unknown) => void;
}

/** What the panel repeats when one connects (its last lines, in a second's batches) is over by then; real ms. */
const REPLAY_MS = 3000;
const FIRST_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 600_000;
/** A stream that lived so long was good; the next is opened soon. */
const GOOD_AFTER_MS = 60_000;
/** Each is a connection that the panel holds open. */
const MOST_STREAMS = 64;
/** Starts that were seen are known again by their lines; more than this many are not repeated. */
const MOST_LINES = 100;
/** What somebody orders is over within this. */
const ORDERED_MS = 90_000;

/** `2026/11/23 07:41:37 [Warning] core: Xray 1.8.24 started`. */
const startLine = /\bcore: Xray \S+ started\b/;

interface Stream {
  /** A connection is under way or stands. */
  open: boolean;
  /** What it tells is new. */
  standing: boolean;
  /** Nothing was ever seen of it: all that it repeats is old. */
  first: boolean;
  why: Reason | null;
  dueAt: number;
  wait: number;
  /** Lines of starts that were seen. */
  known: readonly string[];
}

/** Reads the logs of xray for its starts: one stream for each target, opened again with patience. Keeps nothing else. */
export function createCoreLogs(options: CoreLogOptions) {
  const { mode, adapter, clock, random, record, onStart, onError } = options;
  const streams = new Map<string | null, Stream>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const ordered = new Map<string | null, number>();

  function targets(): readonly (string | null)[] {
    if (mode === 'off' || adapter.coreLog === null || record().reach !== 'up') return [];
    // A node's log is refused while it is not connected.
    const up = record().nodes.flatMap((node) => (node.state === 'up' ? [node.id] : []));
    return [null, ...(mode === 'nodes' ? up : [])].slice(0, MOST_STREAMS);
  }

  async function follow(node: string | null, stream: Stream): Promise<void> {
    const begun = clock();
    let opened = false;
    let replay: NodeJS.Timeout | undefined;
    const sink = {
      opened: () => {
        opened = true;
        stream.why = null;
        replay = setTimeout(() => {
          stream.standing = true;
          stream.first = false;
        }, REPLAY_MS);
      },
      line: (text: string) => {
        if (startLine.test(text)) started(node, stream, text);
      },
    };
    const ended = await adapter.coreLog?.(node, sink, stopping.signal);
    clearTimeout(replay);
    stream.standing = false;
    if (ended?.ok === false) stream.why = ended.error.reason;
    const good = opened && clock() - begun >= GOOD_AFTER_MS;
    stream.wait = good ? FIRST_WAIT_MS : Math.min(stream.wait * 2, LONGEST_WAIT_MS);
    stream.dueAt = clock() + stream.wait * (0.8 + 0.4 * random());
  }

  function started(node: string | null, stream: Stream, text: string): void {
    const { known, standing, first } = stream;
    const old = !standing && (first || known.includes(text));
    stream.known = [...known, text].slice(-MOST_LINES);
    if (old || stopping.signal.aborted) return;
    const until = Math.max(ordered.get(node) ?? 0, ordered.get(null) ?? 0);
    if (clock() > until) onStart(node);
  }

  return {
    tick(now: number): void {
      if (stopping.signal.aborted) return;
      for (const node of targets()) {
        const stream = streams.get(node) ?? {
          open: false,
          standing: false,
          why: null,
          dueAt: now,
          wait: FIRST_WAIT_MS / 2,
          first: true,
          known: [],
        };
        streams.set(node, stream);
        if (stream.open || stream.dueAt > now) continue;
        stream.open = true;
        // Should follow() itself fail, which is a bug: not again at once.
        stream.dueAt = now + LONGEST_WAIT_MS;
        const work = follow(node, stream)
          .catch(onError)
          .finally(() => {
            stream.open = false;
            running.delete(work);
          });
        running.add(work);
      }
    },
    /** Somebody restarts it (null: everything of the panel): what starts now is no surprise. */
    expect: (node: string | null): void => void ordered.set(node, clock() + ORDERED_MS),
    /** Null: none is to be followed. */
    view(): CoreLogView | null {
      if (mode === 'off' || adapter.coreLog === null) return null;
      const wanted = targets().map((node) => streams.get(node));
      const why = wanted.find((stream) => stream !== undefined && !stream.standing && stream.why !== null)?.why ?? null;
      return { followed: wanted.filter((stream) => stream?.standing).length, wanted: wanted.length, why };
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
