import { readable } from '../log-tail.ts';
import { type Container, nameOf } from './container.ts';
import type { Engine } from './engine.ts';

/** Kind of stream, three zeros, length of what follows: in front of each piece of output without a terminal. */
const headerBytes = 8;

/**
 * A container's last lines, oldest first, both streams; none where its log driver cannot be read back. `timestamps`:
 * each line begins with the time at which the engine got it, in UTC and always as long.
 */
export async function containerLogs(
  engine: Engine,
  container: Container,
  lines: number,
  timestamps = false,
): Promise<readonly string[]> {
  if (lines <= 0) return [];
  const path = `/containers/${encodeURIComponent(nameOf(container))}/logs`;
  const query = { stdout: 'true', stderr: 'true', tail: String(lines), timestamps: String(timestamps) };
  const answer = await engine.ask({ path, query });
  if (!answer.ok) return [];
  const found = container.Config.Tty ? splitLines(answer.body.toString('utf8')) : separate(answer.body);
  return found.slice(-lines).map(readable);
}

/** Whole lines in the order in which they were finished: a line of one stream may be cut in two by the other's. */
export function separate(body: Buffer): string[] {
  const lines: string[] = [];
  const unfinished = new Map<number, Buffer[]>();
  for (let at = 0; at + headerBytes <= body.length; ) {
    const stream = body[at] ?? 0;
    const end = at + headerBytes + body.readUInt32BE(at + 4);
    const pieces = unfinished.get(stream) ?? [];
    pieces.push(body.subarray(at + headerBytes, end));
    unfinished.set(stream, pieces);
    if (body[Math.min(end, body.length) - 1] === '\n'.charCodeAt(0)) {
      lines.push(...splitLines(Buffer.concat(pieces).toString('utf8')));
      unfinished.delete(stream);
    }
    at = end;
  }
  for (const pieces of unfinished.values()) lines.push(...splitLines(Buffer.concat(pieces).toString('utf8')));
  return lines;
}

/** The last lines of several containers, oldest first, each with the name of its container. */
export function mergeLogs(
  logs: readonly { readonly name: string; readonly lines: readonly string[] }[],
  lines: number,
): readonly string[] {
  const all = logs.flatMap(({ name, lines }) =>
    lines.map((line) => {
      const blank = line.indexOf(' ');
      return { at: line.slice(0, blank), text: `${name} | ${line.slice(blank + 1)}` };
    }),
  );
  // Stable: lines of one container keep their order.
  all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return all.slice(-lines).map(({ text }) => text);
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
