import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Incident } from '../../src/core/incident.ts';
import { webhookChat } from '../../src/outbox/channel.ts';
import { createRouter } from '../../src/outbox/router.ts';
import type { Message, Transport } from '../../src/outbox/transport.ts';
import { createWebhook } from '../../src/outbox/webhook.ts';
import { startWebhook, type WebhookWorld } from '../world/webhook.ts';

const now = 1_000_000;
const incident: Incident = {
  ...{ id: 7, key: 'bot/down', service: 'bot', kind: 'down', level: 'critical', openedAt: 0, saidAt: 0 },
  ...{ resolvedAt: null, resolution: null, acknowledgedBy: null, acknowledgedAt: null, escalatedAt: null },
  ...{ reason: { code: 'exit-code', args: { code: '1' } }, attempts: [], lines: ['password=hunter2'] },
};
const message: Message = {
  ...{ text: '<b>bot</b> is down', buttons: [], silent: false, replyTo: null, about: [incident] },
  key: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
};

const worlds: WebhookWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

async function receiver(timeout = 2000) {
  const world = await startWebhook();
  worlds.push(world);
  const hook = createWebhook({ url: world.url, host: 'vpn1', clock: () => now, timeout });
  return { world, send: () => hook.send({ chat: webhookChat(world.url), topic: null }, message) };
}

describe('alerts by webhook', () => {
  it('are the incident as JSON, with a key to know a repetition by', async () => {
    const { world, send } = await receiver();
    assert.equal((await send()).outcome, 'sent');
    const [got] = world.received;
    assert.deepEqual([got?.method, got?.path, got?.key], ['POST', '/hook/secret-part', message.key]);
    assert.deepEqual(got?.body, {
      ...{ version: 1, host: 'vpn1', sent_at: '1970-01-01T00:16:40.000Z', text: 'bot is down' },
      incidents: [
        {
          ...{ id: 7, key: 'bot/down', service: 'bot', kind: 'down', level: 'critical', status: 'open' },
          ...{ opened_at: '1970-01-01T00:00:00.000Z', resolved_at: null, resolution: null, acknowledged_by: null },
          reason: incident.reason,
        },
      ],
    });
  });

  it('prometheus_bot#1: an answer of 400 is final, one of 500 or 429 is not, and the key stays the same', async () => {
    const { world, send } = await receiver();
    world.answer(400, 503, { status: 429, headers: { 'retry-after': '40' } });
    assert.equal((await send()).outcome, 'refused');
    const broken = await send();
    assert.ok(broken.outcome === 'retry' && broken.uncertain && broken.at > now);
    const busy = await send();
    assert.ok(busy.outcome === 'retry' && !busy.uncertain);
    assert.equal(busy.at, now + 40_000);
    assert.deepEqual(new Set(world.received.map(({ key }) => key)), new Set([message.key]));
  });

  it('are not carried to where the receiver points', async () => {
    const { world, send } = await receiver();
    const elsewhere = await startWebhook('/other');
    worlds.push(elsewhere);
    world.answer({ status: 307, headers: { location: elsewhere.url } });
    assert.equal((await send()).outcome, 'refused');
    assert.deepEqual(elsewhere.received, []);
  });

  it('may have arrived when no answer comes in time, surely not when nobody listens', async () => {
    const { world, send } = await receiver(50);
    world.answer('hang');
    const late = await send();
    assert.ok(late.outcome === 'retry' && late.uncertain);
    await world.stop();
    const away = await send();
    assert.ok(away.outcome === 'retry' && !away.uncertain);
    assert.ok(!JSON.stringify([late, away]).includes('secret-part'), 'the address is a secret');
  });

  it('go by a chat that does not hold the secret part of the address', () => {
    assert.equal(webhookChat('https://hooks.example.org/T0/secret?x=y'), 'https://hooks.example.org');
  });
});

describe('the router', () => {
  it('takes the way of the chat; without one it is a dead letter', async () => {
    const taken: string[] = [];
    const way = (name: string): Transport => ({
      send: async () => ({ outcome: 'sent', messageId: taken.push(name) }),
      edit: async (_to, messageId) => ({ outcome: 'sent', messageId }),
    });
    const router = createRouter({ telegram: way('telegram'), email: way('email') });
    for (const chat of ['-100123', 'mailto:a@b.c']) await router.send({ chat, topic: null }, message);
    assert.deepEqual(taken, ['telegram', 'email']);
    assert.equal((await router.send({ chat: 'https://a', topic: null }, message)).outcome, 'refused');
  });
});
