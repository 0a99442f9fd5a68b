import pg from 'pg';
import { type Reason, reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { codeOf, connectFailure, type Failure, isDeadline } from './connect.ts';

export interface Whom {
  /** `host:port`, or the socket's path. */
  readonly address: string;
  readonly user: string;
  readonly database: string;
}

/** The five characters by which the server says what is wrong; null when it was not the server. */
export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : null;
}

/** Is the connection over with this? The server says so itself, or the line is cut. */
export function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return state.startsWith('57P') || state.startsWith('08');
  return codeOf(error) !== '' || (error instanceof Error && /connection terminated|not queryable/i.test(error.message));
}

/** Why a PostgreSQL cannot be asked. Throws on what is no failure of the server or the network. */
export function postgresFailure(error: unknown, whom: Whom): Failure {
  const state = sqlState(error);
  if (state !== null && error instanceof Error) return stateFailure(state, error.message, whom);
  const { address } = whom;
  if (isDeadline(error) || codeOf(error) !== '') return connectFailure(error, address);
  const said = error instanceof Error ? error.message : '';
  if (/does not support SSL/.test(said)) return unhealthy(reason('postgres-no-tls', { address }));
  if (/password must be a string/.test(said)) return unhealthy(reason('postgres-no-password', { ...whom }));
  if (isBroken(error)) return unhealthy(reason('net-closed', { address }));
  throw error;
}

function stateFailure(state: string, message: string, whom: Whom): Failure {
  const { address, user } = whom;
  switch (state) {
    case '28P01':
      return unhealthy(reason('postgres-wrong-password', { ...whom }));
    case '28000':
      return unhealthy(reason('postgres-no-entry', { ...whom }));
    case '3D000':
      return unhealthy(reason('postgres-no-database', { ...whom }));
    case '53300':
      // One role's own limit says nothing about the server.
      return /for role/.test(message)
        ? unknown(reason('postgres-role-limit', { address, user }))
        : unhealthy(reason('postgres-too-many-connections', { address }));
    case '57P03':
      return unhealthy(reason('postgres-starting', { address }));
    case '57P01':
    case '57P02':
      return unhealthy(reason('postgres-shutting-down', { address }));
    case '57014':
      return unhealthy(reason('postgres-too-slow', { address }));
    case '42501':
      return unknown(reason('postgres-no-right', { ...whom }));
    case '08P01':
      return unknown(reason('postgres-pooler', { address }));
    default:
      return unhealthy(reason('postgres-error', { address, code: state, text: redactSecrets(message).slice(0, 200) }));
  }
}

/** Why one figure is missing while the others are there; null: that is no reason to go without it. */
export function missingFigure(error: unknown): Reason | null {
  switch (sqlState(error)) {
    case '55P03':
      return reason('postgres-figure-locked');
    case '57014':
      return reason('postgres-figure-too-slow');
    case '42501':
      return reason('postgres-figure-no-right');
    case '42P01':
    case '42703':
    case '42883':
      return reason('postgres-figure-not-there');
    default:
      return null;
  }
}

function unhealthy(why: Reason): Failure {
  return { verdict: 'unhealthy', reason: why };
}

function unknown(why: Reason): Failure {
  return { verdict: 'unknown', reason: why };
}
