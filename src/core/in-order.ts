/**
 * Does the work of each name as soon as all that it waits for is done: what is independent goes on at the same time.
 * Names that are not in the list are not waited for.
 */
export async function inOrder(
  names: readonly string[],
  waitsFor: (name: string) => readonly string[],
  work: (name: string) => Promise<void>,
): Promise<void> {
  const left = new Set(names);
  const working = new Map<string, Promise<void>>();
  while (left.size > 0) {
    const waiting = [...left].filter((name) => !working.has(name));
    const free = waiting.filter((name) => waitsFor(name).every((other) => !left.has(other)));
    // The configuration has no cycles; without this line a bug there would make this wait for ever.
    const next = free.length === 0 && working.size === 0 ? waiting : free;
    for (const name of next)
      working.set(
        name,
        work(name).finally(() => {
          left.delete(name);
          working.delete(name);
        }),
      );
    await Promise.race(working.values());
  }
}
