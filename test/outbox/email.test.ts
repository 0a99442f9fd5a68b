import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createEmail } from '../../src/outbox/email.ts';
import type { Message } from '../../src/outbox/transport.ts';
import { type SmtpWorld, startSmtp } from '../world/smtp.ts';

const now = 1_000_000;
const to = { chat: 'mailto:ops@example.org', topic: null };
const message: Message = {
  text: '🔴 <b>База &amp; бот</b> is down\nWhy: &lt;exit&gt; <code>1</code>',
  buttons: [[{ text: 'Acknowledge', data: 'x' }]],
  silent: false,
  replyTo: null,
  key: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
};

const worlds: SmtpWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function mailServer(login?: { user: string; password: string }) {
  const smtp = await startSmtp(login === undefined ? {} : { login });
  worlds.push(smtp);
  const open = (url = smtp.url) =>
    createEmail({ smtpUrl: url, from: 'orbit@example.org', host: 'vpn1', clock: () => now });
  return { smtp, open };
}

describe('alerts by e-mail', () => {
  it('arrive as text, with a subject that says what it is about', async () => {
    const { smtp, open } = await mailServer({ user: 'orbit', password: 'hunter2' });
    const sent = await open().send(to, message);
    assert.equal(sent.outcome, 'sent');
    const [mail] = smtp.mails;
    assert.deepEqual([mail?.from, mail?.to], ['orbit@example.org', ['ops@example.org']]);
    assert.equal(mail?.subject, '[vpn1] 🔴 База & бот is down');
    assert.equal(mail?.text.trim().replaceAll('\r', ''), '🔴 База & бот is down\nWhy: <exit> 1');
    assert.equal(mail?.headers.get('auto-submitted'), 'auto-generated');
  });

  it('have the same id at each try, and a follow-up stands under what it answers', async () => {
    const { smtp, open } = await mailServer();
    const email = open();
    smtp.fail({ on: 'END', with: 'hangUp' });
    const lost = await email.send(to, message);
    assert.ok(lost.outcome === 'retry' && lost.uncertain, 'the answer was lost: it may have arrived');
    const sent = await email.send(to, message);
    const [first, second] = smtp.mails;
    assert.ok(first && first.headers.get('message-id') === second?.headers.get('message-id'));
    assert.ok(sent.outcome === 'sent');
    await email.send(to, { ...message, key: 'ffff00001111ffff', replyTo: sent.messageId });
    assert.equal(smtp.mails[2]?.headers.get('in-reply-to'), first.headers.get('message-id'));
    assert.notEqual(smtp.mails[2]?.headers.get('message-id'), first.headers.get('message-id'));
  });

  it('are tried again when the server says later, and are dead when it says never', async () => {
    const { smtp, open } = await mailServer();
    smtp.fail({ on: 'RCPT', with: '450 mailbox busy' });
    const later = await open().send(to, message);
    assert.ok(later.outcome === 'retry' && !later.uncertain && later.at > now && later.scope === 'chat');
    smtp.fail({ on: 'RCPT', with: '550 no such user' });
    const never = await open().send(to, message);
    assert.ok(never.outcome === 'refused');
    assert.match(String(never.cause.args?.detail), /no such user/);
    assert.deepEqual(smtp.mails, []);
  });

  it('wait long after a refused login, and never tell the password', async () => {
    const { smtp, open } = await mailServer({ user: 'orbit', password: 'right' });
    const refused = await open(`smtp://orbit:hunter2@127.0.0.1:${smtp.port}`).send(to, message);
    assert.ok(refused.outcome === 'retry' && refused.at >= now + 600_000);
    assert.equal(refused.cause.code, 'email-login');
    assert.ok(!JSON.stringify(refused).includes('hunter2'));
    assert.equal(smtp.refused, 1);
  });

  it('surely did not arrive when nobody listens', async () => {
    const { smtp, open } = await mailServer();
    await smtp.stop();
    const away = await open().send(to, message);
    assert.ok(away.outcome === 'retry' && !away.uncertain);
    assert.equal(away.cause.args?.detail, 'ECONNREFUSED');
  });

  it('cannot be edited: that is said to be done, and nothing is sent', async () => {
    const { smtp, open } = await mailServer();
    assert.deepEqual(await open().edit(to, 7, message), { outcome: 'sent', messageId: 7 });
    assert.deepEqual(smtp.mails, []);
  });
});
