import { type Reason, reason } from '../core/reason.ts';

export type PanelAddress =
  | { readonly ok: true; readonly baseUrl: string }
  | { readonly ok: false; readonly reason: Reason };

/**
 * The base of a panel's address: no slash at the end (`//api/system` is a 404), no query, no user and password, and
 * without the `/dashboard/…` or `/api` that comes along when it is copied out of a browser.
 */
export function panelAddress(text: string): PanelAddress {
  const given = text.trim();
  if (!/^https?:\/\//i.test(given) || !URL.canParse(given)) return { ok: false, reason: reason('panel-address') };
  const url = new URL(given);
  const path = url.pathname
    .replace(/\/{2,}/g, '/')
    .replace(/\/(?:dashboard(?:\/.*)?|api\/?)$/, '')
    .replace(/\/+$/, '');
  return { ok: true, baseUrl: `${url.protocol}//${url.host}${path}` };
}
