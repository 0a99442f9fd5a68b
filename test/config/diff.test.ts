import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { diffConfig } from '../../src/config/diff.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';

const env = { MANAGER_BOT_TOKEN: `123:${'a'.repeat(35)}`, ADMIN_CHAT_IDS: '5', HOME: '/home/op' };

function config(services: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Config {
  const loaded = loadConfig({
    path: '/etc/orbit/services.yaml',
    env,
    readFile: () => stringify({ services, monitoring: { timezone: 'UTC' }, ...more }),
  });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.config;
}

const bot = { driver: 'process', command: ['sleep', '1'] };

describe('the difference of two configurations', () => {
  it('is nothing for the same file read twice', () => {
    const monitoring = { timezone: 'UTC', alerts: { repeat_every: '2h' } };
    const [before, after] = [config({ bot }, { monitoring }), config({ bot }, { monitoring })];
    assert.deepEqual(diffConfig(before, after), { services: [], sections: [] });
  });

  it('names what came, what went and what is switched off', () => {
    const before = config({ bot, old: bot, off: bot });
    const after = config({ bot, new: bot, off: { ...bot, enabled: false } });
    assert.deepEqual(diffConfig(before, after).services, [
      { change: 'added', service: 'new' },
      { change: 'removed', service: 'old' },
      { change: 'removed', service: 'off' },
    ]);
  });

  it('tells what holds at once from what needs a start, and from another thing under the same name', () => {
    const now = {
      ...bot,
      max_restarts: 9,
      checks: [{ type: 'process' }, { type: 'http', url: 'http://127.0.0.1:1/' }],
    };
    const start = { ...bot, command: ['sleep', '2'], env: { TOKEN: 'hunter2' } };
    const other = { driver: 'tmux', tmux_session: 'bot', command: ['sleep', '1'] };
    const { services } = diffConfig(config({ a: bot, b: bot, c: bot }), config({ a: now, b: start, c: other }));
    assert.deepEqual(services.slice(0, 2), [
      { change: 'changed', service: 'a', now: ['max_restarts', 'checks'], nextStart: [], otherThing: [] },
      { change: 'changed', service: 'b', now: [], nextStart: ['env', 'command'], otherThing: [] },
    ]);
    const third = services[2];
    assert.ok(third?.change === 'changed');
    assert.deepEqual([...third.otherThing].sort(), ['driver', 'tmux_session', 'tmux_socket']);
  });

  it('says no value, which may be a secret', () => {
    const before = config({ bot: { ...bot, env: { TOKEN: 'hunter1' } } });
    const after = config({ bot: { ...bot, env: { TOKEN: 'hunter2' } } });
    assert.doesNotMatch(JSON.stringify(diffConfig(before, after)), /hunter/);
  });

  it('names the keys of sections, and which of them need the manager to be restarted', () => {
    const after = config(
      { bot },
      { monitoring: { timezone: 'Europe/Moscow', alerts: { repeat_every: '2h', group_window: '9s' } }, http: null },
    );
    assert.deepEqual(diffConfig(config({ bot }), after).sections, [
      { key: 'monitoring.timezone', holds: 'manager-restart' },
      { key: 'monitoring.alerts.group_window', holds: 'manager-restart' },
      { key: 'monitoring.alerts.repeat_every', holds: 'now' },
      { key: 'http', holds: 'manager-restart' },
    ]);
  });
});
