import { type Reason, reason } from '../../core/reason.ts';
import type { Reply } from '../dbus/connection.ts';

export interface Failure {
  readonly reason: Reason;
  /** Trying again cannot help until somebody changes something. */
  readonly fatal: boolean;
}

const forbidden = new Set([
  'org.freedesktop.DBus.Error.AccessDenied',
  'org.freedesktop.DBus.Error.AuthFailed',
  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
]);
const noSuchUnit = new Set(['org.freedesktop.systemd1.NoSuchUnit', 'org.freedesktop.systemd1.LoadFailed']);

/** What a refusal by systemd means for a person. `unit`: what was asked about. */
export function failureOf(reply: Extract<Reply, { ok: false }>, unit: string): Failure {
  const { error, message } = reply;
  if (forbidden.has(error)) return { reason: reason('systemd-forbidden', { unit }), fatal: true };
  if (noSuchUnit.has(error)) return { reason: reason('unit-not-found', { unit }), fatal: true };
  if (error === 'org.freedesktop.systemd1.UnitMasked') return { reason: reason('unit-masked', { unit }), fatal: true };
  if (error === 'org.freedesktop.DBus.Error.InvalidArgs')
    return { reason: reason('unit-name-invalid', { unit }), fatal: true };
  if (error === 'timeout') return { reason: reason('systemd-silent'), fatal: false };
  if (error === 'disconnected') return { reason: reason('systemd-unreachable', { problem: message }), fatal: false };
  return { reason: reason('systemd-refused', { unit, problem: message || error }), fatal: false };
}

/** Why no connection came about. Of several endpoints the one that is there says more than one that is not. */
export function connectFailure(error: unknown, before: Failure | null = null): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error === null || code === 'ENOENT') return before ?? { reason: reason('systemd-absent'), fatal: false };
  if (code === 'EACCES' || code === 'EPERM') return { reason: reason('systemd-no-access'), fatal: false };
  const problem = error instanceof Error ? error.message : String(error);
  return { reason: reason('systemd-unreachable', { problem }), fatal: false };
}
