import type { HttpConfig } from '../config/schema.ts';
import type { ApiOptions } from '../http/api.ts';
import type { HttpOptions } from '../http/server.ts';

/** Starts the read-only endpoint; what needs a login is there only when a token is set. */
export async function startHttp(
  { token, ...where }: HttpConfig,
  parts: Pick<HttpOptions, 'liveness' | 'readiness' | 'log' | 'clock'>,
  sources: Omit<ApiOptions, 'token'>,
) {
  // Prometheus's library is loaded only where somebody may ask.
  const api = token === null ? null : (await import('../http/api.ts')).createApi({ token, ...sources });
  const { createHttpServer } = await import('../http/server.ts');
  const server = createHttpServer({ ...where, ...parts, api });
  return { server, port: (await server.listen()).port };
}
