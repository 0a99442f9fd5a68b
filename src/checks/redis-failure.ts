import { ReplyError } from 'ioredis';
import { type Reason, reason } from '../core/reason.ts';
import { redactSecrets } from '../core/redact.ts';
import { codeOf, connectFailure, type Failure, isDeadline } from './connect.ts';

/** Did the server itself say so (and so: is the connection all right)? */
export function isReply(error: unknown): error is Error {
  return error instanceof ReplyError;
}

/** Did the connection break? */
export function isBroken(error: unknown): boolean {
  return codeOf(error) !== '' || (error instanceof Error && brokenWords.test(error.message));
}

/** What ioredis says when a connection is gone; none of it has a code. */
const brokenWords = /connection is closed|connection close|stream isn't writeable|max retries per request/i;
/** What its reader says when the answer is no protocol of Redis. */
const foreignWords = /RESP type|protocol error/i;

/** The command that a NOPERM is about, in capitals; null when it is about something else (a key). */
export function forbiddenCommand(error: Error): string | null {
  return /'([^']+)' command/.exec(error.message)?.[1]?.toUpperCase() ?? null;
}

/** @param cause what the socket said, for errors of ioredis that say nothing. */
export function redisFailure(error: unknown, cause: Error | null, address: string): Failure {
  if (isReply(error)) return replyFailure(error, address);
  if (isDeadline(error)) return connectFailure(error, address);
  if (error instanceof Error && foreignWords.test(error.message)) {
    return unhealthy(reason('redis-not-redis', { address }));
  }
  if (codeOf(error) !== '') return connectFailure(error, address);
  if (cause !== null && codeOf(cause) !== '') return connectFailure(cause, address);
  if (isBroken(error)) return unhealthy(reason('net-closed', { address }));
  throw error;
}

/** What the server itself says against being asked. */
export function replyFailure(error: Error, address: string): Failure {
  const [word = ''] = error.message.split(' ', 1);
  switch (word) {
    case 'NOAUTH':
      return unhealthy(reason('redis-no-password', { address }));
    case 'WRONGPASS':
      return unhealthy(reason('redis-wrong-password', { address }));
    case 'NOPERM':
      return {
        verdict: 'unknown',
        reason: reason('redis-no-right', { address, command: forbiddenCommand(error) ?? 'keys' }),
      };
    case 'LOADING':
      return unhealthy(reason('redis-loading', { address }));
    case 'MASTERDOWN':
      return unhealthy(reason('redis-master-down', { address }));
    case 'MISCONF':
      return unhealthy(reason('redis-cannot-save', { address }));
    case 'BUSY':
      return unhealthy(reason('redis-busy', { address }));
    case 'DENIED':
      return unhealthy(reason('redis-protected', { address }));
    case 'READONLY':
      return unhealthy(reason('redis-read-only', { address }));
  }
  // What Redis 5 and older say to a wrong password.
  if (/invalid password/i.test(error.message)) return unhealthy(reason('redis-wrong-password', { address }));
  if (/max number of clients/i.test(error.message)) return unhealthy(reason('redis-too-many-clients', { address }));
  const text = redactSecrets(error.message).slice(0, 200);
  return unhealthy(reason('redis-error', { address, text }));
}

function unhealthy(why: Reason): Failure {
  return { verdict: 'unhealthy', reason: why };
}
