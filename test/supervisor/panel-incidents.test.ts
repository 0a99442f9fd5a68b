import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import type { Change } from '../../src/core/incident.ts';
import type { Condition } from '../../src/core/panel-condition.ts';
import type { PanelTransition } from '../../src/core/panel-transition.ts';
import type { PanelState } from '../../src/core/panel-view.ts';
import { reason } from '../../src/core/reason.ts';
import { unsaid } from '../../src/panels/panel.ts';
import { unaskedState } from '../../src/panels/state.ts';
import { openStore } from '../../src/store/database.ts';
import { createIncidentTable } from '../../src/store/incidents.ts';
import { createLedger } from '../../src/supervisor/ledger.ts';
import { createPanelIncidents } from '../../src/supervisor/panel-incidents.ts';
import { nodeView } from '../panels/views.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function panel(conditions: readonly Condition[] = []): PanelState {
  const source = {
    ...({ id: 's001', name: 'Main', kind: 'marzban', origin: 'config', baseUrl: 'https://p.example' } as const),
    ...{ username: 'admin', password: 'secret', apiKey: null, active: true, priority: 1, problem: null },
    ...{ excludedNodeNames: [], insecureTls: false, certificateHosts: [], ...unsaid },
  };
  return { ...unaskedState(source, 0), conditions };
}

function nodeDown(id: string, level: Condition['level'] = 'error'): Condition {
  const why = reason('panel-node-stuck', { node: `N-${id}` });
  const advice = reason('panel-advice-stuck');
  return { key: `node:${id}`, kind: 'node', subject: `N-${id}`, level, since: 0, reason: why, advice };
}

const opened = (condition: Condition): PanelTransition => ({
  ...{ name: 'node-down', change: 'opened', condition, at: 0, ending: null },
});

describe('incidents of panels', () => {
  let now = 0;
  let changes: Change[] = [];
  let reopen: () => ReturnType<typeof createLedger>;

  beforeEach(() => {
    now = 1000;
    changes = [];
    const folder = mkdtempSync(join(tmpdir(), 'orbit-panels-'));
    folders.push(folder);
    const store = openStore(folder);
    reopen = () =>
      createLedger({
        store,
        table: createIncidentTable(store),
        announce: (change) => void changes.push(change),
        announced: () => undefined,
        needs: () => [],
        rules: () => ({ repeat_every: 0, escalate_after: 0 }),
        clock: () => now,
        log: pino({ level: 'silent' }),
      });
  });

  it('several stand open for one panel, each with its title and advice, and end one by one', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    incidents.onTransition(panel(), opened(nodeDown('1')));
    incidents.onTransition(panel(), opened(nodeDown('2')));
    assert.deepEqual(
      ledger.open().map(({ key, subject }) => [key, subject?.title, subject?.advice?.code]),
      [
        ['panel:s001/node:1', 'Main · N-1', 'panel-advice-stuck'],
        ['panel:s001/node:2', 'Main · N-2', 'panel-advice-stuck'],
      ],
    );
    const ending = reason('panel-over-node', { node: 'N-1', minutes: 1 });
    incidents.onTransition(panel(), {
      ...{ name: 'node-recovered', change: 'closed', condition: nodeDown('1'), at: 1, ending },
    });
    assert.deepEqual(
      ledger.open().map(({ key }) => key),
      ['panel:s001/node:2'],
    );
    const last = changes.at(-1);
    assert.deepEqual([last?.change, last?.incident.attempts[0]?.what.code], ['resolved', 'panel-over-node']);
  });

  it('what gets worse is said so; what only reads differently is not', () => {
    const incidents = createPanelIncidents(reopen());
    incidents.onTransition(panel(), opened(nodeDown('1', 'warning')));
    incidents.onTransition(panel(), {
      ...{ name: 'node-down', change: 'changed', condition: nodeDown('1', 'warning'), at: 0, ending: null },
    });
    incidents.onTransition(panel(), {
      ...{ name: 'node-down', change: 'changed', condition: nodeDown('1', 'error'), at: 0, ending: null },
    });
    assert.deepEqual(
      changes.map(({ change }) => change),
      ['opened', 'updated', 'worse'],
    );
  });

  it('what the manager tried by itself, and how it went, stands in the incident of that node', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    incidents.onTransition(panel(), opened(nodeDown('1')));
    incidents.onTransition(panel(), opened(nodeDown('2')));
    incidents.onReconnect(panel(), '1', { step: 'tried', refusal: null });
    incidents.onReconnect(panel(), '1', { step: 'useless' });
    incidents.onReconnect(panel(), '1', { step: 'tried', refusal: reason('panel-timeout') });
    const told = ledger.open().map(({ attempts }) => attempts.map(({ what }) => what.code));
    assert.deepEqual(told, [['panel-reconnect-tried', 'panel-reconnect-useless', 'panel-reconnect-refused'], []]);
    assert.equal(ledger.open()[0]?.subject?.advice?.code, 'panel-advice-stuck', 'the rest stays as it was');
  });

  it('says whom it hits: users where the panel counts them, else what the node has carried', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    const node = (id: string, gb: number, usersOnline: number | null = null) =>
      nodeView(id, { state: 'down', today: { up: 0, down: gb }, usersOnline });
    const state = { ...panel(), nodes: [node('1', 3), node('2', 1, 14), node('3', 0)] };
    for (const id of ['1', '2', '3']) incidents.onTransition(state, opened(nodeDown(id)));
    assert.deepEqual(
      ledger.open().map(({ subject }) => subject?.affects ?? null),
      [reason('panel-affects-share', { percent: 75 }), reason('panel-affects-users', { users: 14 }), null],
    );
  });

  it('offers to restart the container where that is the advice and the container is known', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger, (id) => id === 's001');
    const hopeless = { ...nodeDown('1'), advice: reason('panel-advice-container') };
    incidents.onTransition(panel(), opened(hopeless));
    incidents.onTransition(panel(), opened(nodeDown('2')));
    incidents.onTransition({ ...panel(), id: 's002' }, opened(hopeless));
    assert.deepEqual(
      ledger.open().map(({ key, subject }) => [key, subject?.remedy]),
      [
        ['panel:s001/node:1', 'restart-panel'],
        ['panel:s001/node:2', undefined],
        ['panel:s002/node:1', undefined],
      ],
    );
  });

  it('many nodes that come and go are no flapping of the panel', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    for (let id = 0; id < 30; id++) incidents.onTransition(panel(), opened(nodeDown(String(id))));
    assert.equal(ledger.open().length, 30);
    assert.equal(
      ledger.open().some((incident) => incident.kind === 'flapping' || ledger.isFlap(incident)),
      false,
    );
  });

  it('a panel that is taken away takes its incidents along, and only its own', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    incidents.onTransition(panel(), opened(nodeDown('1')));
    incidents.onTransition({ ...panel(), id: 's002' }, opened(nodeDown('1')));
    incidents.onRemoved('s001');
    assert.deepEqual(
      ledger.open().map(({ service }) => service),
      ['panel:s002'],
    );
    assert.equal(changes.at(-1)?.incident.resolution, 'removed');
  });

  it('gatus#1111, shinken#230: what got well while the manager was away is ended after its start; services that are gone do not end it', () => {
    createPanelIncidents(reopen()).onTransition(panel(), opened(nodeDown('1')));
    createPanelIncidents(reopen()).onTransition(panel(), opened(nodeDown('2')));
    const ledger = reopen();
    ledger.endWithoutService(() => false);
    assert.equal(ledger.open().length, 2);
    createPanelIncidents(ledger).settle([panel([nodeDown('2')])], []);
    assert.deepEqual(
      ledger.open().map(({ key }) => key),
      ['panel:s001/node:2'],
    );
  });

  it('while a panel is away nothing is known of its nodes, so they stay as they were', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    incidents.onTransition(panel(), opened(nodeDown('1')));
    incidents.settle([{ ...panel(), reach: 'down' }], []);
    assert.equal(ledger.open().length, 1);
  });

  it('the choice of the shop bot stands at one panel at a time', () => {
    const ledger = reopen();
    const incidents = createPanelIncidents(ledger);
    const pick: Condition = { ...nodeDown('1'), key: 'pick', kind: 'pick' };
    incidents.onTransition(panel(), { ...opened(pick), name: 'pick-down' } as PanelTransition);
    incidents.onTransition({ ...panel(), id: 's002' }, { ...opened(pick), name: 'pick-down' } as PanelTransition);
    assert.deepEqual(
      ledger.open().map(({ key }) => key),
      ['panel:s002/pick'],
    );
  });
});
