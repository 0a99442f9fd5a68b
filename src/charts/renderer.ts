import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { type Reason, reason } from '../core/reason.ts';
import type { Drawing } from './drawing.ts';
import type { Drawn } from './worker.ts';

export interface RendererOptions {
  readonly log: Logger;
  /** Ms that one picture may take, the worker's start included. */
  readonly deadline?: number;
  /** Ms without work after which the worker ends. */
  readonly idle?: number;
  /** The worker's file; only tests have another. */
  readonly file?: URL;
}

export type Rendered =
  | { readonly ok: true; readonly png: Uint8Array }
  | { readonly ok: false; readonly reason: Reason };

export interface Renderer {
  /** Never rejects. */
  render(drawing: Drawing): Promise<Rendered>;
  /** The worker's thread id; null: none runs. */
  worker(): number | null;
  close(): Promise<void>;
}

/** More people than this do not wait for a picture at the same time. */
const MOST_WAITING = 16;
/** A worker that grows beyond this (MB) is a leak, and ends as an error value. */
const MOST_MEMORY = 256;

const extension = extname(new URL(import.meta.url).pathname);
const ownWorker = new URL(`./worker${extension}`, import.meta.url);

/**
 * Draws one picture after the other in a thread that is started on demand, used again, and ended when idle. Whatever
 * happens to the thread is an answer here and nothing else.
 */
export function createRenderer(options: RendererOptions): Renderer {
  const { log, deadline = 10_000, idle = 60_000, file = ownWorker } = options;
  let worker: Worker | null = null;
  let resting: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  async function render(drawing: Drawing): Promise<Rendered> {
    if (waiting >= MOST_WAITING || closed) return { ok: false, reason: reason('chart-busy') };
    waiting += 1;
    const turn = queue.then(() => draw(drawing));
    queue = turn;
    try {
      return await turn;
    } finally {
      waiting -= 1;
      if (waiting === 0) rest();
    }
  }

  function draw(drawing: Drawing): Promise<Rendered> {
    if (closed) return Promise.resolve({ ok: false, reason: reason('chart-busy') });
    clearTimeout(resting);
    worker ??= start();
    const running = worker;
    running.ref();
    return new Promise((resolve) => {
      const failed = (why: Reason, detail: unknown) => {
        log.error({ err: detail, code: why.code }, 'a chart was not drawn');
        done({ ok: false, reason: why });
      };
      const late = setTimeout(() => {
        end(running);
        failed(reason('chart-late', { seconds: deadline / 1000 }), 'deadline');
      }, deadline);
      const onMessage = (drawn: Drawn) => {
        if (drawn.ok) done({ ok: true, png: drawn.png });
        else failed(reason('chart-failed'), drawn.why);
      };
      const onError = (error: unknown) => {
        end(running);
        failed(reason('chart-failed'), error);
      };
      const onExit = (code: number) => {
        end(running);
        failed(reason('chart-failed'), `the worker ended with ${code}`);
      };
      const done = (rendered: Rendered) => {
        clearTimeout(late);
        running.off('message', onMessage).off('error', onError).off('exit', onExit);
        resolve(rendered);
      };
      running.on('message', onMessage).on('error', onError).on('exit', onExit);
      running.postMessage(drawing);
    });
  }

  function start(): Worker {
    const resourceLimits = { maxOldGenerationSizeMb: MOST_MEMORY };
    const started = file.pathname.endsWith('.ts')
      ? new Worker(fromSource(file), { resourceLimits, eval: true })
      : new Worker(file, { resourceLimits });
    // Between two pictures nobody listens otherwise, and an error without a listener would end the manager.
    started.on('error', (error) => {
      log.debug({ err: error }, 'the worker for charts failed');
      if (worker === started) worker = null;
    });
    started.on('exit', () => {
      if (worker === started) worker = null;
    });
    return started;
  }

  function end(ended: Worker): void {
    if (worker === ended) worker = null;
    ended.terminate().catch((error: unknown) => log.warn({ err: error }, 'the worker for charts did not end'));
  }

  function rest(): void {
    clearTimeout(resting);
    resting = setTimeout(() => worker !== null && end(worker), idle);
    resting.unref();
    // A picture that nobody waits for must not keep the manager alive.
    worker?.unref();
  }

  return {
    render,
    worker: () => worker?.threadId ?? null,
    async close() {
      closed = true;
      clearTimeout(resting);
      const running = worker;
      worker = null;
      await running?.terminate();
    },
  };
}

/** In tests and the demo there is no JavaScript yet, and a thread does not get the loader of the one that started it. */
function fromSource(file: URL): string {
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); });`;
}
