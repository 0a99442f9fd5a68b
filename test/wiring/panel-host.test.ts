import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import type { ServiceConfig } from '../../src/config/schema.ts';
import { serviceOfPanel } from '../../src/wiring/panel-host.ts';

const remote = { service: null, baseUrl: 'https://panel.example.com' };
const local = { service: null, baseUrl: 'http://127.0.0.1:8000' };

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };

function services(text: string): readonly ServiceConfig[] {
  const loaded = loadConfig({ path: '/etc/orbit/services.yaml', env, readFile: () => text });
  assert.ok(loaded.ok);
  return loaded.config.services;
}

const named = (found: ServiceConfig | null) => found?.name ?? null;

const one = services(`services:
  marzban: { driver: docker, container: marzban, checks: [{ type: panel }] }
  bot: { driver: process, command: [sleep, "1"] }
`);

test('the only panel is the only container that asks for panels', () => {
  assert.equal(named(serviceOfPanel(remote, true, one)), 'marzban');
});

test('of several panels only the one at an address of this host is', () => {
  assert.equal(named(serviceOfPanel(remote, false, one)), null, 'it may stand anywhere');
  assert.equal(named(serviceOfPanel(local, false, one)), 'marzban');
});

test('what the configuration says counts, whatever else there is', () => {
  assert.equal(named(serviceOfPanel({ ...remote, service: 'bot' }, false, one)), 'bot');
  assert.equal(named(serviceOfPanel({ ...remote, service: 'gone' }, true, one)), null);
});

test('what is only watched is never restarted, and between two nobody chooses', () => {
  const watched = services('services:\n  panels: { driver: external, checks: [{ type: panel }] }\n');
  assert.equal(named(serviceOfPanel(local, true, watched)), null);
  const two = services(`services:
  a: { driver: docker, container: a, checks: [{ type: panel }] }
  b: { driver: docker, container: b, panels: [{ id: b }] }
`);
  assert.equal(named(serviceOfPanel(local, true, two)), null);
});
