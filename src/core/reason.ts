/**
 * Why something is as it is, in a form that every language can say: the Fluent message `reason-<code>` with `args`.
 * Numbers select plural branches and are localised; pass ids, ports and pids as strings.
 */
export interface Reason {
  readonly code: string;
  readonly args?: Readonly<Record<string, string | number>>;
}

/** Builds a {@link Reason}. The codes in use are found by a test and must stand in every locale. */
export function reason(code: string, args?: Readonly<Record<string, string | number>>): Reason {
  return args === undefined ? { code } : { code, args };
}

/** Counts inside a reason move with every look; what a person reads as another reason is its code and its words. */
export function sameReason(a: Reason | null, b: Reason | null): boolean {
  if (a?.code !== b?.code) return false;
  return Object.entries(a?.args ?? {}).every(([key, value]) => typeof value === 'number' || b?.args?.[key] === value);
}
