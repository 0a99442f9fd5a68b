import type { Level } from './incident.ts';
import { type Certificate, certificateStage } from './panel-certificate.ts';
import type { PanelRecord } from './panel-health.ts';
import type { NodeRecord, Trouble } from './panel-node.ts';
import type { PanelPolicy } from './panel-policy.ts';
import { type Reason, reason } from './reason.ts';

export type ConditionKind =
  | 'unreachable'
  | 'login'
  | 'blind'
  | 'core'
  | 'recorder'
  /** xray restarts again and again, and the panel does not say so. */
  | 'restarts'
  | 'node'
  | 'certificate'
  /** The shop bot would choose a node that is down. */
  | 'pick'
  /** One node carries more than its share. */
  | 'share';

/** Something wrong that stays until it is over: what an incident is opened and closed by. */
export interface Condition {
  /** Unique within the panel: `node:3`, `unreachable`. */
  readonly key: string;
  readonly kind: ConditionKind;
  /** A node's name, a certificate's host; null: the panel itself. */
  readonly subject: string | null;
  readonly level: Level;
  readonly since: number;
  readonly reason: Reason;
  /** What the operator can do. */
  readonly advice: Reason | null;
}

/** Everything that is wrong with a panel now, the panel's own first. */
export function conditionsOf(record: PanelRecord, policy: PanelPolicy): readonly Condition[] {
  return [
    ...panelConditions(record, policy),
    ...record.nodes.flatMap((node) => (node.trouble === null ? [] : [nodeCondition(node, node.trouble, policy)])),
    ...restartConditions(record),
    ...record.certificates.flatMap(certificateCondition),
  ];
}

function panelConditions(record: PanelRecord, policy: PanelPolicy): readonly Condition[] {
  const found: Condition[] = [];
  const add = (kind: ConditionKind, level: Level, since: number, why: Reason, advice: Reason | null) =>
    found.push({ key: kind, kind, subject: null, level, since, reason: why, advice });
  if (record.reach === 'down') {
    const kind = record.lastError?.kind;
    const online = record.recorder?.online ?? null;
    // With a bad certificate, or where a proxy holds us off, the panel works on: only we do not see it.
    const works = kind === 'tls' || kind === 'rate_limited';
    const affected =
      online === null ? reason('panel-advice-all-down') : reason('panel-advice-users-down', { users: online });
    add(
      'unreachable',
      works ? 'error' : 'critical',
      record.reachSince,
      record.lastError?.reason ?? reason('panel-no-answer'),
      works ? reason('panel-advice-blind') : affected,
    );
  }
  const refusal = record.login === 'rejected' || record.login === 'unauthorized' || record.login === 'forbidden';
  if (refusal && record.reach !== 'down')
    add(
      'login',
      'error',
      record.loginSince,
      reason(`panel-login-${record.login}`),
      reason(`panel-advice-${record.login}`),
    );
  const blind = record.failing.nodes;
  if (blind !== undefined && !refusal && record.reach === 'up' && blind.at - blind.since >= policy.blind)
    add('blind', 'error', blind.since, blind.error.reason, reason('panel-advice-blind'));
  if (record.core.down)
    add(
      'core',
      'error',
      record.core.downAt ?? record.core.upAt ?? record.reachSince,
      reason('panel-core-down'),
      reason('panel-advice-core'),
    );
  if (record.recorder?.stuck === true)
    add(
      'recorder',
      'warning',
      record.recorder.movedAt,
      reason('panel-recorder-stuck'),
      reason('panel-advice-recorder'),
    );
  return found;
}

function nodeCondition(node: NodeRecord, trouble: Trouble, policy: PanelPolicy): Condition {
  return {
    key: `node:${node.id}`,
    kind: 'node',
    subject: node.name,
    level: trouble.cause === 'limited' ? 'warning' : 'error',
    since: trouble.since,
    reason: troubleReason(node.name, trouble),
    advice: nodeAdvice(node, trouble, policy),
  };
}

function restartConditions({ core, nodes }: PanelRecord): readonly Condition[] {
  const common = { kind: 'restarts', level: 'warning', advice: reason('panel-advice-restarts') } as const;
  const own: readonly Condition[] = core.restarts.restless
    ? [
        {
          ...common,
          ...{ key: 'restarts', subject: null, since: core.restarts.at[0] ?? 0 },
          reason: reason('panel-core-restarts', { restarts: core.restarts.at.length }),
        },
      ]
    : [];
  return [
    ...own,
    ...nodes.flatMap(({ id, name, restarts }): readonly Condition[] => {
      if (!restarts.restless) return [];
      const why = reason('panel-node-restarts', { node: name, restarts: restarts.at.length });
      return [{ ...common, key: `restarts:${id}`, subject: name, since: restarts.at[0] ?? 0, reason: why }];
    }),
  ];
}

/** Why a node is called down, in words. */
export function troubleReason(name: string, trouble: Trouble): Reason {
  if (trouble.cause !== 'error') return reason(`panel-node-${trouble.cause}`, { node: name });
  const failure = trouble.failure ?? 'unknown';
  if (failure !== 'unknown') return reason('panel-node-error', { node: name, failure });
  return trouble.message === null
    ? reason('panel-node-error', { node: name, failure })
    : reason('panel-node-error-says', { node: name, message: trouble.message });
}

function nodeAdvice(node: NodeRecord, trouble: Trouble, policy: PanelPolicy): Reason | null {
  if (trouble.cause === 'limited') return reason('panel-advice-limited');
  // Connected again, and not yet for long enough: nothing to do but wait.
  if (node.state === 'up' && trouble.cause !== 'flapping') return null;
  // It answered us before and does not now: whatever the panel believes, the machine itself is away.
  if (node.wasReachable && node.reachable === false)
    return reason('panel-advice-node-host', { address: address(node) });
  if (trouble.cause === 'stuck') {
    const long = node.connectingAt !== null && node.seenAt - node.connectingAt > policy.hopeless;
    if (node.reachable === true && long) return reason('panel-advice-container');
    return reason('panel-advice-stuck');
  }
  if (trouble.cause === 'flapping') return reason('panel-advice-flapping');
  const failure = trouble.failure ?? 'unknown';
  return failure === 'unknown' ? null : reason('panel-advice-failure', { failure, address: address(node) });
}

function address(node: NodeRecord): string {
  const host = node.address.includes(':') ? `[${node.address}]` : node.address;
  return node.port === null ? host : `${host}:${node.port}`;
}

const certificateLevels = { soon: 'info', near: 'warning', urgent: 'error', expired: 'critical' } as const;

function certificateCondition(certificate: Certificate): readonly Condition[] {
  const stage = certificateStage(certificate);
  if (stage === 'fine') return [];
  const { host, daysLeft } = certificate;
  return [
    {
      key: `certificate:${host}`,
      kind: 'certificate',
      subject: host,
      level: certificateLevels[stage],
      since: certificate.checkedAt,
      reason:
        stage === 'expired'
          ? reason('panel-certificate-over', { host })
          : reason('panel-certificate', { host, days: daysLeft }),
      advice: reason('panel-advice-certificate'),
    },
  ];
}
