/**
 * The demo's window: a local page that looks and works like a Telegram chat on a phone, with buttons that break things.
 *
 *   const page = await startPage({ world, user, controls: [
 *     { id: 'crash', label: 'Crash the shop bot', hint: 'kill -9', run: async () => 'Killed, pid 4711' },
 *   ] });
 *   console.log(page.url);
 *   await page.stop();
 *
 * `label` and `hint` may be one string or one per language. The page talks to the simulated Telegram only through the
 * user it is given; everything it shows is inserted as text.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import type { TelegramWorld, WorldEvent, WorldUser } from '../telegram/server.ts';

export type PageText = string | { readonly en: string; readonly ru: string };

/** One button beside the chat. `run` does it and says in a short line what happened. */
export interface PageControl {
  readonly id: string;
  readonly label: PageText;
  readonly hint: PageText;
  readonly run: () => Promise<string>;
}

export interface PageOptions {
  readonly world: TelegramWorld;
  /** Who sits before the page. */
  readonly user: WorldUser;
  readonly controls: readonly PageControl[];
  /** Default 0: any free one. */
  readonly port?: number;
}

export interface Page {
  readonly url: string;
  stop(): Promise<void>;
}

const types: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['page.css', 'text/css; charset=utf-8'],
  ['page.js', 'text/javascript; charset=utf-8'],
  ['message.js', 'text/javascript; charset=utf-8'],
  ['texts.js', 'text/javascript; charset=utf-8'],
]);
/** What the page may ask for. */
const sendShape = z.object({ text: z.string().trim().min(1).max(4096) });
const tapShape = z.object({ messageId: z.int(), data: z.string() });
const languageShape = z.object({ code: z.enum(['en', 'ru']) });

/** Serves the page on 127.0.0.1. */
export async function startPage(options: PageOptions): Promise<Page> {
  const { world, user, controls } = options;
  const watchers = new Set<ServerResponse>();
  const stopListening = world.listen((event) => {
    const news = translate(event, world, user);
    if (news) for (const watcher of watchers) tell(watcher, news);
  });

  const answer = async (request: IncomingMessage, path: string): Promise<Answer> => {
    // A foreign site that resolves its name to this machine must not be able to play with the demo.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) return json(403, {});
    if (request.method === 'GET') return path.startsWith('/file/') ? sentFile(world, path) : ownFile(path);
    // Other sites cannot send this type without asking first, and nobody answers that question.
    const isJson = request.headers['content-type'] === 'application/json';
    if (request.method !== 'POST' || !isJson) return json(405, {});
    return post(options, path, JSON.parse(await readText(request)));
  };

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
      tell(response, { kind: 'state', ...stateOf(world, user, controls) });
      return;
    }
    const refusal = (error: unknown): Answer =>
      json(error instanceof z.ZodError ? 400 : 500, { error: error instanceof Error ? error.message : String(error) });
    void answer(request, pathname)
      .catch(refusal)
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      stopListening();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

function json(status: number, body: Readonly<Record<string, unknown>>): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** What the person at the page does. */
async function post({ user, controls }: PageOptions, path: string, body: unknown): Promise<Answer> {
  if (path === '/send') {
    user.sends(sendShape.parse(body).text);
    return json(200, {});
  }
  if (path === '/tap') {
    const { messageId, data } = tapShape.parse(body);
    return json(200, { answer: await user.forges(messageId, data) });
  }
  if (path === '/language') {
    user.speaks(languageShape.parse(body).code);
    return json(200, {});
  }
  const control = controls.find(({ id }) => path === `/control/${id}`);
  return control ? json(200, { result: await control.run() }) : json(404, {});
}

/** The page's own files. */
function ownFile(path: string): Answer {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const type = types.get(name);
  if (!type) return json(404, {});
  const policy =
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return {
    status: 200,
    headers: { 'content-type': type, 'cache-control': 'no-store', 'content-security-policy': policy },
    body: readFileSync(new URL(name, import.meta.url)),
  };
}

/** What the bot sent: pictures are shown, anything else is only downloaded. */
function sentFile(world: TelegramWorld, path: string): Answer {
  const file = world.file(path.slice('/file/'.length));
  if (!file) return json(404, {});
  const isPicture = file.mime === 'image/png';
  return {
    status: 200,
    headers: {
      'content-type': isPicture ? file.mime : 'application/octet-stream',
      'content-disposition': isPicture ? 'inline' : `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      'x-content-type-options': 'nosniff',
      // What stands under a file_id never changes.
      'cache-control': 'private, max-age=86400, immutable',
    },
    body: file.bytes,
  };
}

type PageEvent = Readonly<Record<string, unknown>> & { readonly kind: string };

function tell(watcher: ServerResponse, event: PageEvent): void {
  watcher.write(`data: ${JSON.stringify(event)}\n\n`);
}

/** Everything a page needs that has just been opened. */
function stateOf(
  world: TelegramWorld,
  user: WorldUser,
  controls: readonly PageControl[],
): Readonly<Record<string, unknown>> {
  return {
    bot: world.botName,
    language: user.person.language_code === 'ru' ? 'ru' : 'en',
    online: world.online,
    messages: user.messages(),
    commands: user.commands(),
    controls: controls.map(({ id, label, hint }) => ({ id, label, hint })),
  };
}

/** What an event of the world means for this chat; null: nothing. */
function translate(event: WorldEvent, world: TelegramWorld, user: WorldUser): PageEvent | null {
  switch (event.kind) {
    case 'sent':
    case 'edited':
    case 'pinned': {
      if (event.chatId !== user.id) return null;
      const message = user.messages().find(({ id }) => id === event.messageId);
      return message ? { kind: 'message', message } : null;
    }
    case 'deleted':
      return event.chatId === user.id ? { kind: 'deleted', id: event.messageId } : null;
    case 'action':
      return event.chatId === user.id ? { kind: 'action', action: event.action } : null;
    case 'commands':
      return { kind: 'commands', commands: user.commands() };
    case 'person':
      if (event.userId !== user.id) return null;
      return {
        kind: 'language',
        language: user.person.language_code === 'ru' ? 'ru' : 'en',
        commands: user.commands(),
      };
    case 'network':
      return { kind: 'network', online: world.online };
    default:
      return null;
  }
}
