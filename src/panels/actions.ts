import type { Answer, PanelError, PanelUser } from '../core/panel.ts';
import { troubleReason } from '../core/panel-condition.ts';
import type { OwnAction, PanelAction, PanelActions, PanelHost, UserChange } from '../core/panel-control.ts';
import type { NodeView, PanelState } from '../core/panel-view.ts';
import { type Reason, reason } from '../core/reason.ts';
import type { ActionResult, Actor } from '../core/snapshot.ts';
import type { PanelAdapter } from './panel.ts';
import type { PanelPoller } from './poller.ts';

export interface ActionOptions {
  readonly adapter: PanelAdapter;
  readonly poller: PanelPoller;
  /** What it runs as on this host; null: not known. */
  readonly host: () => PanelHost | null;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** How often is looked whether it is done, ms. */
const LOOK_EVERY = 1500;
/** A node connects within 3 s when it can; one that the panel retries by itself needs up to 13 s more. */
const NODE_DEADLINE = 45_000;
const CORE_DEADLINE = 60_000;
/** A panel starts within half a minute, then connects its nodes one by one. */
const PANEL_DEADLINE = 120_000;
/** A reconnect of a healthy node shows only 3 s of "connecting", and that not at once. */
const SETTLED = 6000;
/** Requests of a person wait this long at most for their turn and answer, ms. */
const PERSON_DEADLINE = 20_000;

export function createPanelActions({ adapter, poller, host, clock, sleep }: ActionOptions): PanelActions {
  const patience = () => AbortSignal.timeout(PERSON_DEADLINE);
  const nodeOf = (id: string): NodeView | undefined => poller.state().nodes.find((each) => each.id === id);

  async function act(action: PanelAction, accepted?: () => void): Promise<ActionResult> {
    if (action.action === 'restart-panel') return restartPanel(action.by, accepted);
    const begun = clock();
    const node = action.action === 'restart-core' ? undefined : nodeOf(action.node);
    if (action.action !== 'restart-core' && node === undefined)
      return { ok: false, took: 0, reason: reason('panel-node-unknown', { node: action.node }) };
    const before = poller.state();
    poller.expect(action.action === 'restart-core' ? null : action.node);
    const taken = await adapter.act(action, patience());
    if (!taken.ok) return { ok: false, took: clock() - begun, reason: taken.error.reason };
    accepted?.();
    const outcome = await verify(action, before, clock());
    return { ...outcome, took: clock() - begun };
  }

  /** Its service is restarted, which is verified there; done is done when the panel answers and has its nodes again. */
  async function restartPanel(by: Actor, accepted?: () => void): Promise<ActionResult> {
    const begun = clock();
    const service = host();
    if (service === null) return { ok: false, took: 0, reason: reason('panel-no-service') };
    const up = poller.state().nodes.flatMap((node) => (node.state === 'up' ? [node.id] : []));
    poller.expect(null);
    const restarted = await service.restart(by);
    if (!restarted.ok) return { ...restarted, took: clock() - begun };
    accepted?.();
    const since = clock();
    for (;;) {
      await sleep(LOOK_EVERY);
      await poller.look('nodes');
      if (adapter.caps.coreStatus) await poller.look('core');
      const { failing } = poller.record();
      const now = poller.state();
      const missing = up.filter((id) => nodeIn(now, id)?.state !== 'up').length;
      const took = clock() - begun;
      const answers = failing.nodes === undefined && failing.core === undefined && now.core.running !== false;
      if (answers && missing === 0 && clock() - since >= SETTLED)
        return { ok: true, took, note: reason('panel-done-panel', { nodes: now.nodeCounts.up }) };
      if (clock() - since < PANEL_DEADLINE) continue;
      const blind = failing.nodes ?? failing.core;
      if (blind !== undefined) return { ok: false, took, reason: blind.error.reason };
      const why = missing > 0 ? reason('panel-not-done-core', { nodes: missing }) : reason('panel-core-down');
      return { ok: false, took, reason: why };
    }
  }

  type Outcome = { readonly ok: true; readonly note: Reason | null } | { readonly ok: false; readonly reason: Reason };

  async function verify(action: OwnAction, before: PanelState, since: number): Promise<Outcome> {
    const limit = action.action === 'restart-core' ? CORE_DEADLINE : NODE_DEADLINE;
    for (;;) {
      await sleep(LOOK_EVERY);
      await poller.look('nodes');
      if (action.action === 'restart-core' && adapter.caps.coreStatus) await poller.look('core');
      const elapsed = clock() - since;
      const done = judge(action, before, poller.state(), elapsed);
      if (done !== null) return done;
      if (elapsed >= limit) return { ok: false, reason: notDone(action, poller.state()) };
    }
  }

  /** Null: not to be said yet. */
  function judge(action: OwnAction, before: PanelState, now: PanelState, elapsed: number): Outcome | null {
    // Only the nodes matter here: something else of the panel may be failing all the time.
    if (poller.record().failing.nodes !== undefined) return null;
    if (action.action === 'restart-core') {
      if (elapsed < SETTLED || now.core.running === false) return null;
      const lost = before.nodes.filter((each) => each.state === 'up' && nodeIn(now, each.id)?.state !== 'up');
      return lost.length === 0 ? { ok: true, note: reason('panel-done-core', { nodes: now.nodeCounts.up }) } : null;
    }
    const node = nodeIn(now, action.node);
    if (node === undefined) return { ok: false, reason: reason('panel-node-unknown', { node: action.node }) };
    if (action.action === 'disable-node')
      return node.state === 'disabled' ? { ok: true, note: reason('panel-done-disabled', { node: node.name }) } : null;
    if (node.state !== 'up' || elapsed < SETTLED) return null;
    return { ok: true, note: reason('panel-done-connected', { node: node.name }) };
  }

  function notDone(action: OwnAction, now: PanelState): Reason {
    const blind = poller.record().failing.nodes;
    if (blind !== undefined) return blind.error.reason;
    if (action.action === 'restart-core') return reason('panel-not-done-core', { nodes: now.nodeCounts.down });
    const node = nodeIn(now, action.node);
    const name = node?.name ?? action.node;
    if (node?.state === 'connecting') return reason('panel-not-done-connecting', { node: name });
    if (node?.state !== 'down') return reason('panel-not-done', { node: name, status: node?.rawStatus ?? '' });
    return troubleReason(name, { cause: 'error', since: 0, failure: node.failure, message: node.message });
  }

  function consequence(action: PanelAction): Reason {
    const now = poller.state();
    const online = now.users?.online ?? null;
    if (action.action === 'restart-core')
      return online === null ? reason('panel-ask-core-all') : reason('panel-ask-core', { users: online });
    if (action.action === 'restart-panel') {
      const service = host()?.title ?? '';
      const args = { service, nodes: now.nodeCounts.total - now.nodeCounts.disabled };
      return online === null
        ? reason('panel-ask-panel-all', args)
        : reason('panel-ask-panel', { ...args, users: online });
    }
    const node = nodeIn(now, action.node);
    const name = node?.name ?? action.node;
    if (action.action === 'enable-node') return reason('panel-ask-enable', { node: name });
    if (node?.state !== 'up') return reason(`panel-ask-${action.action}-idle`, { node: name });
    if (node.usersOnline !== null) return reason(`panel-ask-${action.action}`, { node: name, users: node.usersOnline });
    return reason(`panel-ask-${action.action}-all`, { node: name });
  }

  async function findUsers(text: string, limit = 10): Promise<Answer<readonly PanelUser[]>> {
    const exact = await adapter.user(text, patience());
    if (exact.ok) return { ok: true, value: [exact.value] };
    return exact.error.kind === 'not_found' ? adapter.searchUsers(text, limit, patience()) : exact;
  }

  async function changeUser(name: string, change: UserChange): Promise<ActionResult> {
    const begun = clock();
    const fail = (error: PanelError): ActionResult => ({ ok: false, took: clock() - begun, reason: error.reason });
    const before = await adapter.user(name, patience());
    if (!before.ok) return fail(before.error);
    const changed = await adapter.changeUser(name, change, patience());
    if (!changed.ok) return fail(changed.error);
    // What the panel answers to a change is what it was told; asking again is the proof.
    const after = await adapter.user(name, patience());
    if (!after.ok) return fail(after.error);
    const took = clock() - begun;
    return userDone(change, before.value, after.value)
      ? { ok: true, took, note: nowOf(change, after.value) }
      : { ok: false, took, reason: reason('panel-user-not-done', { user: name, status: after.value.rawStatus }) };
  }

  function userConsequence(user: PanelUser, change: UserChange): Reason {
    const args = { user: user.name };
    return change.change === 'extend'
      ? reason('panel-ask-user-extend', { ...args, days: change.days })
      : reason(`panel-ask-user-${change.change}`, args);
  }

  return { act, consequence, findUsers, changeUser, userConsequence };
}

function nowOf({ change }: UserChange, { name, rawStatus, expiresAt }: PanelUser): Reason {
  if (change !== 'extend' || expiresAt === null) return reason('panel-user-now', { user: name, status: rawStatus });
  const day = new Date(expiresAt).toISOString().slice(0, 10);
  return reason('panel-user-until', { user: name, status: rawStatus, day });
}

function nodeIn(state: PanelState, id: string): NodeView | undefined {
  return state.nodes.find((each) => each.id === id);
}

function userDone(change: UserChange, before: PanelUser, after: PanelUser): boolean {
  switch (change.change) {
    case 'disable':
      return after.rawStatus === 'disabled';
    case 'enable':
      return after.rawStatus !== 'disabled';
    case 'reset-traffic':
      // He may use some more at once.
      return after.usedBytes < before.usedBytes || after.usedBytes === 0;
    case 'extend':
      return before.expiresAt === null || (after.expiresAt ?? 0) > before.expiresAt;
  }
}
