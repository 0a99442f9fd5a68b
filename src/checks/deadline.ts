/** `promise`, or the signal's reason as soon as it aborts; whoever comes late is not listened to any more. */
export function beforeDeadline<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) {
      promise.catch(() => {});
      return abort();
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Aborts when nobody has said `touch` for `ms`: for work whose length nobody knows, but whose steps are short. */
export function stallSignal(ms: number) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('no progress', 'TimeoutError')), ms);
  return { signal: controller.signal, touch: () => timer.refresh(), end: () => clearTimeout(timer) };
}
