/**
 * What can go wrong on demand. `offline` and `reset` break the connection before anything happened; `accepted-lost`
 * does what was asked and then breaks it; `hang` never answers; `html-502` is what a proxy in front says.
 */
export type FaultKind =
  | 'offline'
  | 'reset'
  | 'hang'
  | 'accepted-lost'
  | 'html-502'
  | { readonly status: number; readonly description: string; readonly retry_after?: number };

export interface Fault {
  /** Method name (any case) or pattern; all methods without it. */
  readonly method?: string | RegExp;
  readonly chat?: number;
  readonly fault: FaultKind;
  /** How many calls it hits; without it, all until {@link Faults.clear} or the end of `for_ms`. */
  readonly times?: number;
  /** Real milliseconds from now. */
  readonly for_ms?: number;
}

interface Rule {
  readonly fault: Fault;
  left: number;
  readonly until: number;
}

/** The faults in force; the first that fits hits. */
export class Faults {
  #rules: Rule[] = [];

  add(fault: Fault): void {
    const until = fault.for_ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + fault.for_ms;
    this.#rules.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, until });
  }

  clear(): void {
    this.#rules = [];
  }

  take(method: string, chatId: number | null): FaultKind | null {
    const now = Date.now();
    this.#rules = this.#rules.filter((rule) => rule.left > 0 && rule.until > now);
    const rule = this.#rules.find(({ fault }) => fits(fault, method, chatId));
    if (!rule) return null;
    rule.left -= 1;
    return rule.fault.fault;
  }
}

function fits(fault: Fault, method: string, chatId: number | null): boolean {
  if (fault.chat !== undefined && fault.chat !== chatId) return false;
  if (fault.method === undefined) return true;
  if (typeof fault.method === 'string') return fault.method.toLowerCase() === method.toLowerCase();
  return fault.method.test(method);
}
