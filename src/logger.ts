import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino, stdSerializers } from 'pino';
import * as z from 'zod';
import { redactSecrets } from './core/redact.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  readonly level: LevelWithSilent;
  /** `json`: one object a line. `text`: one line for people, a stack below it. */
  readonly format: 'json' | 'text';
  /** Default: stdout. */
  readonly to?: DestinationStream;
}

/** What waits (bytes) for a reader of stdout that is stuck; beyond it lines are dropped: supervision must not wait. */
const maxWaiting = 8 * 1024 * 1024;

/** Fields whose value is a secret whatever it looks like. */
const secretField = /(?:token|password|passwd|secret|authorization|cookie|api[_-]?key)$/i;

const lineSchema = z.record(z.string(), z.unknown());

/**
 * The log. Secrets are taken out of every string of every line as the very last step, so that no serializer, child
 * logger or inner cause of an error gets around it.
 *
 * Written without blocking: what still waits is written when the process exits by itself or by `process.exit`.
 */
export function createLogger({ level, format, to }: LogOptions): Logger {
  const say = format === 'json' ? sayJson : sayText;
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      hooks: { streamWrite: (line) => rewrite(line, say) },
    },
    to ?? stdout(),
  );
}

function stdout(): DestinationStream {
  const stream = destination({ dest: 1, sync: false, maxLength: maxWaiting });
  // A full disk behind a redirection must not end the manager. The lines stay waiting and go with the next write.
  stream.on('error', () => {});
  return stream;
}

type Line = z.infer<typeof lineSchema>;

function rewrite(line: string, say: (line: Line) => string): string {
  try {
    return say(lineSchema.parse(redactValue(JSON.parse(line))));
  } catch {
    // A line that is not JSON is a slip of a serializer; it must cost neither the line nor the caller.
    return redactSecrets(line);
  }
}

function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redactSecrets(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redactSecrets(key),
      secretField.test(key) && typeof inner === 'string' ? '[redacted]' : redactValue(inner),
    ]),
  );
}

function sayJson(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function sayText({ time, level, msg, err, ...rest }: Line): string {
  const fields = Object.entries(rest).map(([key, value]) => ` ${key}=${plain(value)}`);
  const stack = z.object({ stack: z.string() }).safeParse(err);
  const below = stack.success
    ? `\n    ${stack.data.stack.replaceAll('\n', '\n    ')}`
    : err
      ? ` err=${plain(err)}`
      : '';
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${plainText(msg)}${fields.join('')}${below}\n`;
}

function plainText(msg: unknown): string {
  // A line break inside a message could fake a line of the log.
  return typeof msg === 'string' ? msg.replace(/[\r\n]+/g, ' ⏎ ') : '';
}

function plain(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
}
