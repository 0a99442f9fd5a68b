import type { Auth, SimAdmin } from './auth.ts';
import type { Engine } from './engine.ts';
import type { SimUser } from './users.ts';

/** All that a panel is made of. */
export interface PanelParts {
  readonly kind: 'marzban' | 'pasarguard';
  readonly version: string;
  readonly engine: Engine;
  readonly auth: Auth;
  readonly users: SimUser[];
  readonly apiKey: string | null;
  /** Whether /openapi.json is served; Marzban always does. */
  readonly docs: boolean;
}

/** One request, read. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly type: string;
  /** Whether any proof was given, good or bad. */
  readonly proven: boolean;
  readonly admin: SimAdmin | null;
}

/** The body as a JSON object; null: it is none. */
export function bodyOf(request: Request): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(request.body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
