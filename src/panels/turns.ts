export interface Turns {
  /** Runs `task` when it is its turn. Null: too many wait already. `first`: before all that wait (a person waits). */
  take<T>(task: () => Promise<T>, first: boolean): Promise<T> | null;
}

/** Panels answer from one Python process: more than one request at a time only makes each slower. */
export function createTurns(bound: number): Turns {
  const waiting: (() => Promise<void>)[] = [];
  let busy = false;

  function next(): void {
    const run = busy ? undefined : waiting.shift();
    if (run === undefined) return;
    busy = true;
    const done = () => {
      busy = false;
      next();
    };
    // A task's own failure reaches whoever asked for it; the line goes on.
    run().then(done, done);
  }

  function take<T>(task: () => Promise<T>, first: boolean): Promise<T> | null {
    if (waiting.length >= bound) return null;
    return new Promise<T>((resolve, reject) => {
      const run = () => task().then(resolve, reject);
      if (first) waiting.unshift(run);
      else waiting.push(run);
      next();
    });
  }

  return { take };
}
