import { type Answer, answer } from '../core/panel.ts';
import type { PanelKind } from '../core/panel-view.ts';
import type { PanelClient } from './client.ts';
import type { Probe } from './panel.ts';
import { openapi } from './shapes.ts';

const titles: Readonly<Record<string, PanelKind>> = { MarzbanAPI: 'marzban', PasarGuardAPI: 'pasarguard' };

/**
 * Which panel it is and how quickly it answers, without logging in. Marzban always serves this page; a PasarGuard only
 * with DOCS on, and says 404 otherwise, which is an answer too.
 */
export async function probePanel(client: PanelClient, signal: AbortSignal): Promise<Answer<Probe>> {
  const begun = performance.now();
  const asked = await client.askWhole({ path: '/openapi.json', shape: openapi, anonymous: true }, signal);
  if (asked.ok) {
    const { title, version } = asked.value.value.info;
    const kind = Object.hasOwn(titles, title) ? (titles[title] ?? null) : null;
    const { latencyMs, certificateUntil } = asked.value;
    return answer({ latencyMs, title, kind, version, certificateUntil });
  }
  if (asked.error.kind !== 'not_found') return asked;
  return answer({
    latencyMs: performance.now() - begun,
    title: null,
    kind: null,
    version: null,
    certificateUntil: null,
  });
}
