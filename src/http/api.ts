import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Alerting } from '../core/alerting.ts';
import type { History } from '../core/history.ts';
import type { Panels } from '../core/panel-control.ts';
import type { Control } from '../core/snapshot.ts';
import type { Stores } from '../core/stores.ts';
import { alertsReply } from './alerts.ts';
import { historyReply } from './history.ts';
import { createExposition } from './prometheus.ts';
import type { Reply } from './server.ts';
import { shopReply } from './shop.ts';
import { serviceView, statusView } from './views.ts';

export interface ApiOptions {
  /** What `Authorization: Bearer` has to say. Secret. */
  readonly token: string;
  readonly control: Pick<Control, 'snapshot'>;
  readonly history: History;
  readonly panels: Pick<Panels, 'states' | 'state'>;
  readonly alerting: Pick<Alerting, 'open' | 'past' | 'mutes'>;
  readonly stores: Pick<Stores, 'shop'>;
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Answers what needs the token; null: there is no such address. */
export type Api = (request: IncomingMessage) => Promise<Reply | null>;

/** All that can be read by those who have the token. Nothing can be changed here. */
export function createApi({ token, control, history, panels, alerting, stores, clock }: ApiOptions): Api {
  const wanted = digest(token);
  const exposition = createExposition(control.snapshot, history);

  const routes = new Map<string, (query: URLSearchParams) => Reply | Promise<Reply>>([
    ['/metrics', async () => ({ status: 200, type: exposition.type, body: await exposition.text() })],
    ['/api/status', () => ({ status: 200, body: statusView(control.snapshot()) })],
    ['/api/services', () => ({ status: 200, body: control.snapshot().services.map(serviceView) })],
    ['/api/marzban/instances', () => ({ status: 200, body: panels.states() })],
    ['/api/alerts', (query) => alertsReply(query, alerting, clock())],
    ['/api/users/stats', () => shopReply(stores)],
    ['/api/metrics/history', (query) => historyReply(query, history, clock())],
  ]);

  function service(name: string): Reply {
    const view = control.snapshot().services.find((each) => each.name === name);
    return view === undefined
      ? { status: 404, body: { error: 'no such service' } }
      : { status: 200, body: serviceView(view) };
  }

  function panel(id: string): Reply {
    const state = panels.state(id);
    return state === null ? { status: 404, body: { error: 'no such panel' } } : { status: 200, body: state };
  }

  return async ({ url = '', headers }) => {
    const [path = '', search = ''] = url.split('?', 2);
    const route = routes.get(path);
    const name = /^\/api\/services\/([\w.-]+)$/.exec(path)?.[1];
    const id = /^\/api\/marzban\/instances\/([\w.%-]+)$/.exec(path)?.[1];
    if (route === undefined && name === undefined && id === undefined) return null;
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    // Digests, so that not even the length of the token can be found out by the time it takes.
    if (!timingSafeEqual(digest(given), wanted)) return { status: 401, body: { error: 'a token is needed' } };
    if (id !== undefined) return panel(decoded(id));
    return route === undefined ? service(name ?? '') : await route(new URLSearchParams(search));
  };
}

/** Ids of panels may be any text. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
