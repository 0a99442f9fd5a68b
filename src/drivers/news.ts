/** Lets code wait for something that an event, a tick or another call will make true, without polling for it. */
export class News {
  private readonly waiting = new Set<() => void>();

  /** Something happened: everybody who waits looks again. */
  ring(): void {
    for (const check of [...this.waiting]) check();
  }

  /** Resolves true once `done` holds, looked at with every ring; false after `deadline` ms. */
  wait(done: () => boolean, deadline: number): Promise<boolean> {
    if (done()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (result: boolean) => {
        this.waiting.delete(check);
        clearTimeout(timer);
        resolve(result);
      };
      const check = () => {
        if (done()) settle(true);
      };
      const timer = setTimeout(() => settle(done()), deadline);
      this.waiting.add(check);
    });
  }
}
