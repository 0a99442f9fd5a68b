import type { FailureClass } from './panel.ts';

/** What Marzban stores is up to 1,024 characters; a phone shows a line or two. */
const LONGEST = 200;

/** `(503, 'text')`, `(0, "text")`: how Python shows the exception that Marzban stored. */
const pythonTuple = /^\(\s*-?\d+\s*,\s*(?:'(.*)'|"(.*)")\s*,?\s*\)$/s;

/** The panel's free text about a node without Python's wrapping, as one line of bounded length. Null: it says nothing. */
export function cleanNodeMessage(raw: string | null | undefined): string | null {
  const trimmed = raw?.trim() ?? '';
  const wrapped = pythonTuple.exec(trimmed);
  const inner = wrapped?.[1] ?? wrapped?.[2] ?? trimmed;
  const line = inner
    .replace(/\\(['"\\])/g, '$1')
    .replace(/\\n|\s+/g, ' ')
    .trim();
  if (line === '') return null;
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/**
 * First match wins, so the order matters: a "503 Failed to start … bind" also speaks of connections, and a TLS failure
 * comes wrapped in a "Max retries exceeded" that names the address.
 */
const classes: readonly (readonly [RegExp, FailureClass])[] = [
  [/session id mismatch/i, 'session-stolen'],
  [/failed to start|xray.*(?:exited|not start)|bind: address already in use/i, 'xray-start-failed'],
  [/connect to node'?s api|grpc|failed to connect to all addresses/i, 'grpc-api'],
  [/\bssl|certificate|tls\b|handshake/i, 'tls'],
  [/refused|errno 111/i, 'refused'],
  [/timed? ?out|timeout|errno 110|deadline exceeded/i, 'timeout'],
];

/** What kind of failure a node's message tells of. */
export function classifyNodeMessage(message: string | null): FailureClass {
  if (message === null) return 'unknown';
  return classes.find(([words]) => words.test(message))?.[1] ?? 'unknown';
}
