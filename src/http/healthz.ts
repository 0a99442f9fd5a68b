import type { Liveness } from '../core/liveness.ts';
import type { Reply } from './server.ts';

/** Whether the manager's own loops turn; says nothing that a stranger may not know. */
export function healthz(liveness: Liveness, now: number): Reply {
  const { ok, version, startedAt, telegram, stalled } = liveness;
  const said = { status: ok ? 'ok' : 'stalled', version, uptime_s: Math.floor((now - startedAt) / 1000), telegram };
  if (ok) return { status: 200, body: said };
  const silent = stalled.map(({ loop, silentFor }) => `${loop} silent for ${Math.round(silentFor / 1000)} s`);
  return { status: 503, body: { ...said, reason: silent.join('; ') } };
}
