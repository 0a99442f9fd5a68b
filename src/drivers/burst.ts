/** Services that start together do so within moments. */
const momentMs = 100;

/**
 * What hundreds of services ask for in the same moment is found out once for all of them: an answer serves whoever asks
 * the same within 100 ms. What throws is no answer.
 */
export function askedTogether<T extends object | string>(find: (key: string) => T): (key: string) => T {
  let known = new Map<string, T>();
  let since = Number.NEGATIVE_INFINITY;
  return (key) => {
    const now = performance.now();
    if (now - since >= momentMs) {
      known = new Map();
      since = now;
    }
    const found = known.get(key) ?? find(key);
    known.set(key, found);
    return found;
  };
}
