import { sayReason } from '../i18n.ts';
import type { Asked, FailureCode } from './client.ts';
import type { Terminal } from './terminal.ts';

/** What the command leaves to the shell. */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work. */
  failed: 1,
  /** Mistyped: arguments, a service that is not there, mistakes in the configuration. */
  usage: 2,
  /** Nobody to talk to. */
  noManager: 3,
  /** A bug in the manager (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** Ctrl-C (128 + SIGINT), as shells expect. */
  interrupted: 130,
} as const;

const codeOf: Partial<Record<FailureCode, number>> = {
  'no-manager': exitCodes.noManager,
  'unknown-service': exitCodes.usage,
};

/** Says why there is no answer, to a person on stderr or to a script as JSON on stdout; gives the exit code. */
export function reportFailure(
  terminal: Terminal,
  failure: Extract<Asked<never>, { ok: false }>,
  json: boolean,
): number {
  const message = sayReason(terminal.language, failure.reason);
  if (json) printJson(terminal, { error: { code: failure.code, message } });
  else terminal.err(message);
  return codeOf[failure.code] ?? exitCodes.failed;
}

/** JSON for scripts; also readable by people. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, null, 2));
}
