import { type Reason, reason } from '../../core/reason.ts';
import type { Answer } from './engine.ts';

export interface Failure {
  readonly reason: Reason;
  /** Trying again cannot help until somebody changes something. */
  readonly fatal: boolean;
}

/** More of an engine's message fits in no notice. */
const maxProblem = 300;

/** Why the engine could not be asked. */
export function engineFailure(error: unknown, socket: string): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return { reason: reason('docker-absent', { socket }), fatal: false };
  if (code === 'EACCES' || code === 'EPERM') return { reason: reason('docker-no-access', { socket }), fatal: false };
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return { reason: reason('docker-silent', { socket }), fatal: false };
  return { reason: reason('docker-away', { socket, problem: code || String(error) }), fatal: false };
}

/** Why a question came to nothing. `container`: what it was about. */
export function failureOf(answer: Extract<Answer, { ok: false }>, container: string): Failure {
  return answer.status === null ? answer.failure : refusal(answer.status, answer.message, container);
}

function refusal(status: number, message: string, container: string): Failure {
  return status === 404 ? missing(container) : refused(container, message || String(status));
}

export function missing(container: string): Failure {
  return { reason: reason('container-missing', { container }), fatal: true };
}

/** What the engine said instead of doing as asked. */
export function refused(container: string, message: string): Failure {
  return { reason: reason('docker-refused', { container, problem: message.slice(0, maxProblem) }), fatal: false };
}
