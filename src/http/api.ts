import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Alerting } from '../core/alerting.ts';
import type { History } from '../core/history.ts';
import type { Panels } from '../core/panel-control.ts';
import type { Control } from '../core/snapshot.ts';
import type { Stores } from '../core/stores.ts';
import { alertsReply } from './alerts.ts';
import { historyReply } from './history.ts';
import { acceptedLanguage, loginPage, statusPage } from './page.ts';
import { panelView } from './panel-view.ts';
import { createExposition, type PanelNumbers } from './prometheus.ts';
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
  /** IANA name, for the times on the page. */
  readonly timezone: string;
  /** What the panels say now, in numbers. */
  readonly panelNumbers: () => readonly PanelNumbers[];
  /** Epoch ms. */
  readonly clock: () => number;
}

/** Answers what needs the token; null: there is no such address. */
export type Api = (request: IncomingMessage) => Promise<Reply | null>;

/** All that can be read by those who have the token. Nothing can be changed here. */
export function createApi(options: ApiOptions): Api {
  const { token, control, history, panels, panelNumbers, alerting, stores, clock, timezone } = options;
  const wanted = digest(token);
  const exposition = createExposition(control.snapshot, panelNumbers, history);

  const routes = new Map<string, (query: URLSearchParams) => Reply | Promise<Reply>>([
    ['/metrics', async () => ({ status: 200, type: exposition.type, body: await exposition.text() })],
    ['/api/status', () => ({ status: 200, body: statusView(control.snapshot()) })],
    ['/api/services', () => ({ status: 200, body: control.snapshot().services.map(serviceView) })],
    ['/api/marzban/instances', () => ({ status: 200, body: panels.states().map(panelView) })],
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
    return state === null ? { status: 404, body: { error: 'no such panel' } } : { status: 200, body: panelView(state) };
  }

  /** Digests, so that not even the length of the token can be found out by the time it takes. */
  const isRight = (given: string) => timingSafeEqual(digest(given), wanted);

  function page(headers: IncomingHttpHeaders): Reply {
    const language = acceptedLanguage(headers['accept-language']);
    const { authorization = '' } = headers;
    if (!isRight(bearerOf(authorization)) && !isRight(passwordOf(authorization))) return loginPage(language);
    return statusPage({ snapshot: control.snapshot(), panels: panels.states(), timezone }, language);
  }

  return async ({ url = '', headers }) => {
    const [path = '', search = ''] = url.split('?', 2);
    if (path === '/') return page(headers);
    const route = routes.get(path);
    const name = /^\/api\/services\/([\w.-]+)$/.exec(path)?.[1];
    const id = /^\/api\/marzban\/instances\/([\w.%-]+)$/.exec(path)?.[1];
    if (route === undefined && name === undefined && id === undefined) return null;
    if (!isRight(bearerOf(headers.authorization ?? ''))) return { status: 401, body: { error: 'a token is needed' } };
    if (id !== undefined) return panel(decoded(id));
    return route === undefined ? service(name ?? '') : await route(new URLSearchParams(search));
  };
}

function bearerOf(authorization: string): string {
  return /^Bearer (.+)$/i.exec(authorization)?.[1] ?? '';
}

/**
 * A browser can send a name and a password, but no token: there the token is the password, whatever the name. Only the
 * page takes it: a browser adds it by itself to what other sites make it ask here, and they could not read the page.
 */
function passwordOf(authorization: string): string {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1] ?? '';
  const [, ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return password.join(':');
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
