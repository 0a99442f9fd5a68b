/**
 * A simulated VPN panel (Marzban, PasarGuard) on a loopback port.
 *
 *   const panel = await startPanel({ nodes: [{ name: 'DE-1' }], users: 5000 });
 *   // point the manager at panel.baseUrl with panel.username and panel.password, then
 *   panel.node('DE-1').break('frozen', panel.now());
 *   panel.advance(60_000);                 // its own clock: no test has to sleep
 *   panel.logins;                          // what it posted to its owner's chat
 *   await panel.stop();
 *
 * It refuses what the real one refuses and lies where the real one lies. With `clock` it lives by that instead.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Auth, type Login, type SimAdmin } from './auth.ts';
import { selfSigned } from './certificate.ts';
import { Engine } from './engine.ts';
import { createLogSockets } from './log-socket.ts';
import type { NodeOptions, SimNode } from './node.ts';
import { nginx502, type Reply } from './reply.ts';
import type { PanelParts } from './request.ts';
import { route } from './routes.ts';
import { crowd, type SimUser, simUser, type UserOptions } from './users.ts';

export type { Login } from './auth.ts';
export type { NodeFault, NodeOptions, SimNode } from './node.ts';
export type { SimUser } from './users.ts';

export interface PanelOptions {
  readonly kind?: 'marzban' | 'pasarguard';
  /** Default 0.8.4, PasarGuard 5.2.1. */
  readonly version?: string;
  /** Epoch ms. Without it the panel has a clock of its own that `advance` moves. */
  readonly clock?: () => number;
  readonly nodes?: readonly NodeOptions[];
  /** So many, or just these. Default 20. */
  readonly users?: number | readonly UserOptions[];
  /** How many of them were seen within a day. Default: half. */
  readonly online?: number;
  /** Default: admin, a sudoer. */
  readonly sudo?: boolean;
  /** Life of a token in minutes; 0: for ever. Default 1440. */
  readonly tokenMinutes?: number;
  /** `NOTIFY_LOGIN`; default true. */
  readonly postsLogins?: boolean;
  /** PasarGuard: a key that is let in. */
  readonly apiKey?: string;
  readonly docs?: boolean;
  /** Served with a certificate that nobody vouches for. */
  readonly tls?: { readonly days: number };
  /** What it calls itself in redirects, as behind a proxy that tells it nothing: `http://panel`. */
  readonly calledAs?: string;
  /** Answers as slowly as the real one; else the cost is only noted. */
  readonly realCost?: boolean;
  readonly port?: number;
}

export type PanelFault = 'reset' | 'hang' | 'html-502' | { readonly status: number; readonly body: string };

export interface SeenRequest {
  readonly at: number;
  readonly method: string;
  /** With its query; no token is in there. */
  readonly url: string;
  readonly status: number | null;
  readonly costMs: number;
}

export interface PanelWorld {
  readonly baseUrl: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly engine: Engine;
  readonly users: SimUser[];
  readonly logins: readonly Login[];
  readonly requests: readonly SeenRequest[];
  readonly auth: Auth;
  /** How many listen to the logs of xray. */
  readonly listeners: number;
  /** Most requests that were ever under way at once. */
  readonly mostAtOnce: number;
  now(): number;
  /** Moves the panel's own clock and lives through what happens meanwhile. */
  advance(ms: number): void;
  node(name: string): SimNode;
  /** The admin's password is set anew: all tokens die. */
  resetPassword(password: string): void;
  /** The next `times` requests (of paths that begin with `path`) go wrong. */
  inject(fault: PanelFault, options?: { readonly path?: string; readonly times?: number }): void;
  /** The panel's process ends and its nodes' xray with it, or only the network between (`network`). */
  goOffline(what?: 'process' | 'network'): Promise<void>;
  goOnline(): Promise<void>;
  /** Forgets the requests seen so far. */
  clearRequests(): void;
  stop(): Promise<void>;
}

/** A test or a day of simulated time never needs more. */
const MOST_REQUESTS = 200_000;
const START = Date.UTC(2026, 10, 23, 7, 0, 5);

/** Its admin's, until it is set anew. */
export const PANEL_PASSWORD = 'sec:ret p@ss';

export async function startPanel(options: PanelOptions = {}): Promise<PanelWorld> {
  const { kind = 'marzban', clock } = options;
  let own = START;
  const now = clock ?? (() => own);
  const engine = new Engine(now());
  for (const node of options.nodes ?? []) engine.add(node);
  const { users: who = 20 } = options;
  const users =
    typeof who === 'number'
      ? crowd(who, options.online ?? Math.ceil(who / 2), now())
      : who.map((each) => simUser(each, now()));
  const admin: SimAdmin = {
    username: 'admin',
    password: PANEL_PASSWORD,
    sudo: options.sudo ?? true,
    passwordResetAt: null,
  };
  const version = options.version ?? (kind === 'marzban' ? '0.8.4' : '5.2.1');
  const posts = version.startsWith('0.6') || (options.postsLogins ?? true);
  const auth = new Auth([admin], options.tokenMinutes ?? 1440, posts);
  const parts: PanelParts = {
    kind,
    version,
    engine,
    auth,
    users,
    apiKey: options.apiKey ?? null,
    docs: options.docs ?? kind === 'marzban',
  };
  const faults: { fault: PanelFault; path: string; times: number }[] = [];
  const requests: SeenRequest[] = [];
  let underWay = 0;
  let mostAtOnce = 0;

  function takeFault(path: string): PanelFault | null {
    const found = faults.find((each) => each.times > 0 && path.startsWith(each.path));
    if (found === undefined) return null;
    found.times -= 1;
    return found.fault;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on('close', () => {
      underWay -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    engine.run(now());
    const { method = 'GET', url: target = '/' } = request;
    const fault = takeFault(target);
    const note = (status: number | null, costMs: number) => {
      requests.push({ at: now(), method, url: target, status, costMs });
      if (requests.length > MOST_REQUESTS) requests.shift();
    };
    if (fault === 'reset' || fault === 'hang') {
      note(null, 0);
      if (fault === 'reset') request.socket.resetAndDestroy();
      return;
    }
    const reply =
      fault === 'html-502'
        ? nginx502
        : fault !== null
          ? { status: fault.status, body: fault.body, type: 'application/json', costMs: 0 }
          : answer(method, target, Buffer.concat(chunks).toString('utf8'), request);
    note(reply.status, reply.costMs);
    if (options.realCost) await new Promise((resolve) => setTimeout(resolve, reply.costMs));
    response.writeHead(reply.status, { 'content-type': reply.type, ...reply.headers });
    response.end(reply.body);
  }

  function answer(method: string, target: string, body: string, request: IncomingMessage): Reply {
    // Not through URL first: it would take "//api/…" for a host.
    const [path = '/', search = ''] = target.split('?');
    if (path.length > 1 && path.endsWith('/') && !path.startsWith('//')) {
      const called = options.calledAs ?? `${options.tls ? 'https' : 'http'}://${request.headers.host ?? ''}`;
      const location = `${called}${path.replace(/\/+$/, '')}${search === '' ? '' : `?${search}`}`;
      return { status: 307, body: '', type: 'text/plain', headers: { location }, costMs: 1 };
    }
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const key = request.headers['x-api-key'];
    const keyed = parts.apiKey !== null && key === parts.apiKey;
    const who = keyed ? admin : bearer === undefined ? null : auth.check(bearer, now());
    const type = request.headers['content-type'] ?? '';
    const proven = bearer !== undefined || key !== undefined;
    return route(parts, { method, path, query: new URLSearchParams(search), body, type, proven, admin: who });
  }

  const listener: RequestListener = (request, response) => {
    handle(request, response).catch((error: unknown) => {
      // Whoever asked hung up in the middle of it; anything else is a bug of the simulator and must show.
      if (request.destroyed) return;
      queueMicrotask(() => {
        throw error;
      });
    });
  };
  const certificate = options.tls ? await selfSigned(options.tls.days) : null;
  let server: Server | null = null;
  let port = options.port ?? 0;

  const logs = createLogSockets({
    engine,
    who: (token) => auth.check(token, now()),
    note: (url, status) => void requests.push({ at: now(), method: 'WS', url, status, costMs: 0 }),
  });

  async function open(): Promise<void> {
    if (server !== null) return;
    const fresh = certificate === null ? createServer(listener) : createSecureServer({ ...certificate }, listener);
    // PasarGuard has another way to its logs: asking it like this is no path of its own.
    if (kind === 'marzban') fresh.on('upgrade', logs.accept);
    await new Promise<void>((resolve, reject) => {
      fresh.once('error', reject);
      fresh.listen(port, '127.0.0.1', resolve);
    });
    const address = fresh.address();
    if (address !== null && typeof address === 'object') port = address.port;
    server = fresh;
  }

  async function close(): Promise<void> {
    const old = server;
    if (old === null) return;
    server = null;
    logs.close();
    const closed = new Promise<void>((resolve) => old.close(() => resolve()));
    old.closeAllConnections();
    await closed;
  }

  await open();
  return {
    get baseUrl() {
      return `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    username: admin.username,
    get password() {
      return admin.password;
    },
    engine,
    users,
    auth,
    requests,
    get logins() {
      return auth.logins;
    },
    get listeners() {
      return logs.count();
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    now,
    advance: (ms) => {
      own += ms;
      engine.run(now());
    },
    node: (name) => {
      const found = engine.nodes.find((each) => each.name === name);
      if (found === undefined) throw new Error(`There is no node ${name}`);
      return found;
    },
    resetPassword: (password) => {
      admin.password = password;
      admin.passwordResetAt = Math.floor(now() / 1000) + 1;
    },
    inject: (fault, { path = '/', times = 1 } = {}) => void faults.push({ fault, path, times }),
    goOffline: async (what = 'process') => {
      engine.run(now());
      if (what === 'process') engine.stop();
      await close();
    },
    goOnline: async () => {
      engine.run(now());
      if (!engine.running) engine.start();
      await open();
    },
    clearRequests: () => void requests.splice(0),
    stop: close,
  };
}
