import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Check } from '../../src/checks/check.ts';
import { createCheck } from '../../src/checks/registry.ts';
import { loadConfig } from '../../src/config/load.ts';
import { servedChecks } from '../../src/config/served.ts';

/** The shortest entry of each kind. */
const entries: Readonly<Record<string, string>> = {
  process: '{ type: process }',
  http: '{ type: http, url: "http://127.0.0.1:1" }',
  tcp: '{ type: tcp, host: 127.0.0.1, port: 1 }',
  tls: '{ type: tls, host: 127.0.0.1 }',
  dns: '{ type: dns, name: shop.test }',
  command: '{ type: command, command: ["true"] }',
  log: '{ type: log, path: a.log, pattern: x }',
  redis: '{ type: redis, url: "redis://127.0.0.1:1" }',
  postgres: '{ type: postgres, url: "postgresql://bot@127.0.0.1:1/shop" }',
  panel: '{ type: panel, from: database }',
  host: '{ type: host }',
};

async function made(entry: string): Promise<Check> {
  const text = `services: { shop: { driver: process, command: [sleep, "1"], checks: [${entry}] } }\n`;
  const env = { MANAGER_BOT_TOKEN: `1:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '1' };
  const loaded = loadConfig({ path: '/etc/orbit/services.yaml', env, readFile: () => text });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const config = loaded.config.services[0]?.checks[0];
  assert.ok(config);
  return createCheck(config, null);
}

describe('the registry of checks', () => {
  for (const kind of servedChecks.filter((each) => each !== 'panel')) {
    it(`makes a check of kind ${kind} from what the configuration gives`, async () => {
      const check = await made(entries[kind] ?? '');
      assert.deepEqual([check.kind, check.id], [kind, kind]);
      await check.close();
    });
  }
});
