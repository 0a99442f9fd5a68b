import assert from 'node:assert/strict';
import { once } from 'node:events';
import { IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { type Page, startPage } from '../world/page/server.ts';
import { startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';
import { call, form, png, token } from './bare-client.ts';

let world: TelegramWorld;
let user: WorldUser;
let page: Page;
let pressed: number;
beforeEach(async () => {
  pressed = 0;
  world = await startTelegram({ token });
  user = world.user({ id: 7, first_name: 'Vera' });
  const crash = async (): Promise<string> => {
    pressed += 1;
    return 'pid 4711 killed';
  };
  page = await startPage({ world, user, controls: [{ id: 'crash', label: 'Crash', hint: 'kill -9', run: crash }] });
});
afterEach(async () => {
  await page.stop();
  await world.stop();
});

const at = (path: string): URL => new URL(path, page.url);
const post = (path: string, body: unknown = {}, type = 'application/json'): Promise<Response> =>
  fetch(at(path), { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) });

const eventShape = z.looseObject({ kind: z.string() });

/** The page's events as they come. */
async function* events(): AsyncGenerator<z.infer<typeof eventShape>> {
  const { body } = await fetch(at('/events'));
  assert.ok(body);
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield eventShape.parse(JSON.parse(part.replace(/^data: /, '')));
  }
}

describe('the page', () => {
  it('serves its own files, bound to what comes from here', async () => {
    for (const path of ['/', '/page.css', '/page.js', '/message.js', '/texts.js']) {
      const response = await fetch(at(path));
      assert.equal(response.status, 200, path);
      assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'self'/);
    }
    assert.equal((await fetch(at('/server.ts'))).status, 404);
  });

  it('tells a new page the whole state, then what changes', async () => {
    user.start();
    const news = events();
    const first = (await news.next()).value;
    assert.ok(first);
    assert.equal(first.kind, 'state');
    assert.match(JSON.stringify(first), /"text":"\/start".*"id":"crash","label":"Crash"/);
    await call(world, 'sendMessage', { chat_id: 7, text: '<b>up</b>', parse_mode: 'HTML' });
    assert.match(JSON.stringify((await news.next()).value), /"kind":"message".*"text":"up"/);
    await call(world, 'editMessageText', { chat_id: 7, message_id: 2, text: 'down' });
    assert.match(JSON.stringify((await news.next()).value), /"kind":"message".*"text":"down"/);
    await call(world, 'deleteMessage', { chat_id: 7, message_id: 2 });
    assert.deepEqual((await news.next()).value, { kind: 'deleted', id: 2 });
    await call(world, 'sendChatAction', { chat_id: 7, action: 'typing' });
    assert.deepEqual((await news.next()).value, { kind: 'action', action: 'typing' });
    await world.goOffline();
    assert.deepEqual((await news.next()).value, { kind: 'network', online: false });
    await news.return(undefined);
  });

  it('says nothing of other chats', async () => {
    world.user({ id: 8 }).start();
    const news = events();
    await news.next();
    await call(world, 'sendMessage', { chat_id: 8, text: 'not yours' });
    user.start();
    assert.match(JSON.stringify((await news.next()).value), /\/start/);
    await news.return(undefined);
  });

  it('types, and refuses an empty line', async () => {
    assert.equal((await post('/send', { text: ' /status ' })).status, 200);
    assert.equal(user.messages().at(-1)?.text, '/status');
    assert.equal((await post('/send', { text: ' ' })).status, 400);
  });

  it('taps and waits for the answer', async () => {
    user.start();
    const tapped = post('/tap', { messageId: 1, data: 'r' });
    const update = await world.waitFor(() => {
      const last = world.pendingUpdates.at(-1)?.callback_query;
      return last ? z.looseObject({ id: z.string() }).parse(last) : null;
    });
    await call(world, 'answerCallbackQuery', { callback_query_id: update.id, text: 'Sure?', show_alert: true });
    assert.deepEqual(await (await tapped).json(), { answer: { text: 'Sure?', show_alert: true, url: '' } });
  });

  it('breaks things', async () => {
    assert.deepEqual(await (await post('/control/crash')).json(), { result: 'pid 4711 killed' });
    assert.equal(pressed, 1);
    assert.equal((await post('/control/other')).status, 404);
  });

  it('changes the language of the user', async () => {
    await post('/language', { code: 'ru' });
    assert.equal(user.person.language_code, 'ru');
    assert.equal((await post('/language', { code: 'xx' })).status, 400);
  });

  it('shows pictures and only downloads the rest', async () => {
    user.start();
    await call(world, 'sendPhoto', form({ chat_id: '7', photo: png(20, 20) }));
    const photo = await fetch(at(`/file/${user.last()?.photo?.fileId}`));
    assert.equal(photo.headers.get('content-type'), 'image/png');
    await call(world, 'sendDocument', form({ chat_id: '7', document: Buffer.from('<script>') }, 'жуть.html'));
    const document = await fetch(at(`/file/${user.last()?.document?.fileId}`));
    assert.equal(document.headers.get('content-type'), 'application/octet-stream');
    assert.match(document.headers.get('content-disposition') ?? '', /^attachment/);
    assert.equal((await fetch(at('/file/nothing'))).status, 404);
  });

  it('takes no orders from other sites', async () => {
    const asked = request(page.url, { headers: { host: 'evil.example' } }).end();
    const [response]: unknown[] = await once(asked, 'response');
    assert.ok(response instanceof IncomingMessage);
    assert.equal(response.resume().statusCode, 403);

    assert.equal((await post('/control/crash', {}, 'text/plain')).status, 405);
    assert.equal(pressed, 0);
  });
});
