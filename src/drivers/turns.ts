/**
 * Runs what it is given one after the other: a start that overtakes a stop would leave what nobody looks after. What
 * has nobody before it begins at once, not a turn of the event loop later.
 */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<void> | null = null;
  return (work) => {
    const turn = last === null ? work() : last.then(work);
    const over = turn.then(nothing, nothing).then(() => {
      if (last === over) last = null;
    });
    last = over;
    return turn;
  };
}

function nothing(): void {}

export interface Slots {
  /** Runs what it is given, at most so many at a time, the rest in order. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** Whether somebody has to wait. */
  crowded(): boolean;
}

export function createSlots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let free = limit;
  return {
    async take(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
    crowded: () => waiting.length > 0,
  };
}
