import type { Digest, Span } from '../core/digest.ts';
import type { Language } from '../i18n.ts';

/** What digests are made of, on demand and by the clock. */
export interface Digests {
  report(span: Span): Digest;
  /** All services in small; null: there is nothing to draw, or it could not be drawn. */
  picture(language: Language, timezone: string): Promise<Uint8Array | null>;
}
