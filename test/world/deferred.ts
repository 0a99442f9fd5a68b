/** An answer that comes when the test gives it. */
export function deferred<T = void>(): { readonly answer: Promise<T>; give(value: T): void } {
  let give: (value: T) => void = () => undefined;
  const answer = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { answer, give: (value) => give(value) };
}
