/** Asks `probe` until it gives something, which is not false, null or undefined; fails with what was waited for after `ms`. */
export async function until<T>(
  probe: () => T | Promise<T>,
  what = 'the expected state',
  ms = 20_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
