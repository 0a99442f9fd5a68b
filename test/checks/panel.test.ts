import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPanelCheck } from '../../src/checks/panel.ts';
import type { PanelState } from '../../src/core/panel-view.ts';
import { unsaid } from '../../src/panels/panel.ts';
import { unaskedState } from '../../src/panels/state.ts';

const context = { pid: null, now: 0, signal: AbortSignal.timeout(10_000) };

function panel(name: string, rest: Partial<PanelState> = {}): PanelState {
  const source = {
    ...({ id: name, name, kind: 'marzban', origin: 'config', baseUrl: 'https://p.example' } as const),
    ...{ username: 'admin', password: 'secret', apiKey: null, active: true, priority: 1, problem: null },
    ...{ excludedNodeNames: [], insecureTls: false, certificateHosts: [], ...unsaid },
  };
  return { ...unaskedState(source, 0), health: 'healthy', ...rest };
}

async function verdictOf(states: readonly PanelState[]) {
  const check = createPanelCheck('panel', () => ({ states: () => states }));
  const { verdict, reason } = await check.run(context);
  return [verdict, reason?.code ?? null];
}

describe('the panel check', () => {
  it('is never healthy without a panel that was asked', async () => {
    assert.deepEqual(await verdictOf([]), ['unknown', 'panels-none']);
    assert.deepEqual(await verdictOf([panel('A', { active: false })]), ['unknown', 'panels-none']);
    assert.deepEqual(await verdictOf([panel('A', { health: 'unknown' })]), ['unknown', 'panels-not-yet']);
  });

  it('is degraded, not unhealthy, with a panel in trouble: that has an alert of its own', async () => {
    assert.deepEqual(await verdictOf([panel('A'), panel('B', { health: 'unhealthy' })]), [
      'degraded',
      'panels-trouble',
    ]);
    assert.deepEqual(await verdictOf([panel('A')]), ['healthy', null]);
  });
});
