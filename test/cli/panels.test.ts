import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Asked, ControlClient } from '../../src/cli/client.ts';
import { panelCheckSchema, panelListSchema } from '../../src/cli/panel-protocol.ts';
import { checkOnePanel, listAllPanels } from '../../src/cli/panels.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { t } from '../../src/i18n.ts';
import { twoPanels } from './fake-panels.ts';

function terminal() {
  const out: string[] = [];
  const line = (text: string) => void out.push(text);
  const say: Terminal['say'] = (key, args) => t('en', key, args);
  const paint = (_: string, text: string) => text;
  return { out, said: { language: 'en', out: line, err: line, hint: line, say, paint } satisfies Terminal };
}

/** As if it had come over the socket. */
function client(panels: readonly unknown[]): Pick<ControlClient, 'panels' | 'checkPanel'> {
  const answer = <T>(value: T): Promise<Asked<T>> => Promise.resolve({ ok: true, value });
  const over = JSON.parse(JSON.stringify(panels));
  const list = panelListSchema.parse({ panels: over, databaseProblem: null });
  return {
    panels: () => answer(list),
    checkPanel: (id) => answer(panelCheckSchema.parse(list.panels.find((panel) => panel.id === id) ?? null)),
  };
}

test('a list of panels: state, nodes, why', async () => {
  const { out, said } = terminal();
  assert.equal(await listAllPanels(client(twoPanels), said, false), 0);
  assert.match(out[1] ?? '', /s002 .*degraded.* 1\/2 +DE-1 has been connecting for more than a minute/);
  assert.equal(out.length, 3);
});

test('without a panel it says how to get one', async () => {
  const { out, said } = terminal();
  await listAllPanels(client([]), said, false);
  assert.match(out.join(), /DATABASE_URL/);
});

test('a check of one panel fails when something is wrong, says what helps, and knows a name that is none', async () => {
  const { out, said } = terminal();
  assert.equal(await checkOnePanel(client(twoPanels), said, 's002', false), 1);
  assert.match(out.join('\n'), /→ if it stays so/);
  assert.equal(await checkOnePanel(client(twoPanels), said, 's001', true), 0);
  assert.equal(await checkOnePanel(client(twoPanels), said, 's009', false), 2);
  assert.match(out.at(-1) ?? '', /no panel .*s009/);
});
