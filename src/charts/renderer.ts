import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type Reason, reason } from '../core/reason.ts';
import type { Drawn } from './chart-worker.ts';
import type { Drawing } from './drawing.ts';

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
  /** The worker's pid; null: none runs. */
  worker(): number | null;
  close(): Promise<void>;
}

/** More people than this do not wait for a picture at the same time. */
const MOST_WAITING = 16;
/** A worker that grows beyond this (MB) is a leak, and ends as an error value. */
const MOST_MEMORY = 256;
/** Characters of what it says when it dies. */
const LAST_WORDS = 2000;

const extension = extname(new URL(import.meta.url).pathname);
const ownWorker = new URL(`./chart-worker${extension}`, import.meta.url);

/**
 * Draws one picture after the other in a process that is started on demand, used again, and ended when idle. Whatever
 * happens to it is an answer here and nothing else. A process and no thread: what drawing takes of memory (a thread
 * left half of the manager's own behind) goes with it, and a crash of the drawing library is not the manager's.
 */
export function createRenderer(options: RendererOptions): Renderer {
  const { log, deadline = 10_000, idle = 60_000, file = ownWorker } = options;
  let worker: Drawer | null = null;
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
    running.process.ref();
    running.process.channel?.ref();
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
      const onExit = (code: number | null, signal: string | null) => {
        if (worker === running) worker = null;
        failed(reason('chart-failed'), `the worker ended with ${code ?? signal}: ${running.words()}`);
      };
      const done = (rendered: Rendered) => {
        clearTimeout(late);
        running.process.off('message', onMessage).off('error', onError).off('close', onExit);
        resolve(rendered);
      };
      running.process.on('message', onMessage).on('error', onError).on('close', onExit);
      running.process.send(drawing, (error) => error !== null && running.process.exitCode === null && onError(error));
    });
  }

  function start(): Drawer {
    const started = startDrawer(file);
    // Between two pictures nobody listens otherwise, and an error without a listener would end the manager.
    started.process.on('error', (error) => {
      log.debug({ err: error }, 'the worker for charts failed');
      if (worker === started) worker = null;
    });
    started.process.on('exit', () => {
      if (worker === started) worker = null;
    });
    return started;
  }

  function end(ended: Drawer): void {
    if (worker === ended) worker = null;
    ended.process.kill('SIGKILL');
  }

  function rest(): void {
    clearTimeout(resting);
    resting = setTimeout(() => worker !== null && end(worker), idle);
    resting.unref();
    // A picture that nobody waits for must not keep the manager alive.
    worker?.process.unref();
    worker?.process.channel?.unref();
  }

  return {
    render,
    worker: () => worker?.process.pid ?? null,
    async close() {
      closed = true;
      clearTimeout(resting);
      const running = worker;
      worker = null;
      if (running === null || running.process.exitCode !== null || running.process.signalCode !== null) return;
      const ended = once(running.process, 'exit');
      running.process.ref();
      running.process.kill('SIGKILL');
      await ended;
    },
  };
}

interface Drawer {
  readonly process: ChildProcess;
  /** What it said last, for the log. */
  words(): string;
}

/** The file of a worker as a process of its own, which has nothing of the manager's environment. */
function startDrawer(file: URL): Drawer {
  const loader = file.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];
  const child = fork(fileURLToPath(file), {
    execArgv: [`--max-old-space-size=${MOST_MEMORY}`, ...loader],
    serialization: 'advanced',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  return { process: child, words: () => words };
}
