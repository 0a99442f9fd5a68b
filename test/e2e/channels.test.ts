import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { App } from '../../src/app.ts';
import { type Home, kill, lastPid, TOKEN, until } from '../world/manager.ts';
import { type SmtpWorld, startSmtp } from '../world/smtp.ts';
import type { TelegramWorld, WorldUser } from '../world/telegram/server.ts';
import { startWebhook, type WebhookWorld } from '../world/webhook.ts';
import { makeStage } from './stage.ts';

const minute = 60_000;
const forever = (name: string) => ['sh', '-c', `echo $$ >> ${name}.pids; while :; do sleep 0.2; done`];

describe('the channels beside Telegram, through the whole manager', () => {
  const stage = makeStage();
  const { lines } = stage;
  let telegram: TelegramWorld;
  let smtp: SmtpWorld;
  let hook: WebhookWorld;
  let home: Home;
  let app: App;
  let vera: WorldUser;

  const start = () => stage.start({ level: 'trace' });

  before(async () => {
    smtp = await stage.beside(startSmtp({ login: { user: 'orbit', password: 'hunter2' } }));
    hook = await stage.beside(startWebhook('/hook/secret-part'));
    const fragile = (name: string) => ({ command: forever(name), restart_policy: 'never' });
    ({ telegram, home, vera } = await stage.set({
      services: { bot: fragile('bot'), redis: fragile('redis') },
      http: { port: 0 },
      monitoring: {
        alerts: {
          email: { to: 'ops@example.org', smtp_url: smtp.url, from: 'orbit@example.org' },
          webhook: hook.url,
        },
        heartbeat_url: hook.url.replace('/hook/', '/beat/'),
      },
    }));
    app = await start();
  });

  const crash = async (name: string): Promise<void> => kill(await lastPid(home, `${name}.pids`));

  it('beats while all is well', async () => {
    await until(() => hook.received.some(({ method, path }) => method === 'GET' && path === '/beat/secret-part'));
  });

  it('take over with all that is open when Telegram has been away for two minutes, and /readyz says so', async () => {
    await telegram.goOffline();
    await crash('bot');
    await crash('redis');
    await until(() => lines.filter((line) => line.includes('"msg":"opened"')).length >= 2, 'both incidents');
    assert.equal(smtp.mails.length, 0);
    stage.ahead += 6 * minute;
    const mail = await until(() => smtp.mails[0], 'the mail');
    for (const word of [/bot/, /redis/, /nothing has got through for 6 min/]) assert.match(mail.text, word);
    const posted = await until(() => hook.received.find(({ method }) => method === 'POST'), 'the webhook');
    assert.match(JSON.stringify(posted.body), /"kind":"telegram-away"/);
    const ready = await fetch(`http://127.0.0.1:${app.httpPort}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /a notice has waited for 3\d\d s/);
  });

  it('hand back when Telegram is there again, which is told how long it was away', async () => {
    await telegram.goOnline();
    await telegram.waitForMessage(vera.id, /Telegram was away for \d+ min/, { timeoutMs: 30_000 });
    await until(() => {
      // Mail is paced by the manager's clock.
      stage.ahead += 1000;
      return smtp.mails.some(({ text }) => /through to Telegram again/.test(text));
    }, 'the mail that says so');
    const told = vera.messages().filter(({ text }) => /bot|redis/.test(text) && /down/.test(text));
    assert.equal(told.length, 1, 'both in one message');
    await until(async () => (await fetch(`http://127.0.0.1:${app.httpPort}/readyz`)).status === 200, 'ready');
  });

  it('a deploy is one silent message, which says in the end that it was a restart', async () => {
    const since = telegram.revision;
    await app.stop('SIGTERM');
    const notice = await telegram.waitForMessage(vera.id, /The manager was stopped/, { since });
    assert.match(notice.text, /on purpose \(SIGTERM\)/);
    assert.deepEqual([notice.silent, notice.buttons], [true, []]);
    app = await start();
    const ended = await telegram.waitForMessage(vera.id, /The manager was restarted/, { since });
    assert.equal(ended.id, notice.id);
    assert.deepEqual(
      vera.messages().filter(({ id, fromBot }) => fromBot && id > notice.id),
      [],
    );
  });

  it('a stop for longer is answered when the manager is back, with the length of the gap', async () => {
    const since = telegram.revision;
    await app.stop('SIGTERM');
    const notice = await telegram.waitForMessage(vera.id, /The manager was stopped/, { since });
    stage.ahead += 10 * minute;
    app = await start();
    const answer = await telegram.waitForMessage(vera.id, ({ replyTo }) => replyTo === notice.id, {
      ...{ since, timeoutMs: 30_000 },
    });
    assert.match(answer.text, /The manager runs again after 10 min/);
    assert.ok(answer.silent);
  });

  it('never wrote a password or a secret address', () => {
    for (const secret of ['hunter2', 'secret-part', TOKEN]) assert.ok(!lines.join('').includes(secret), secret);
  });
});
