import { readable } from '../log-tail.ts';
import { type Container, nameOf } from './container.ts';
import type { Engine } from './engine.ts';

/** Kind of stream, three zeros, length of what follows: in front of each piece of output without a terminal. */
const headerBytes = 8;

/** A container's last lines, oldest first, both streams; none where its log driver cannot be read back. */
export async function containerLogs(engine: Engine, container: Container, lines: number): Promise<readonly string[]> {
  if (lines <= 0) return [];
  const path = `/containers/${encodeURIComponent(nameOf(container))}/logs`;
  const answer = await engine.ask({ path, query: { stdout: 'true', stderr: 'true', tail: String(lines) } });
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

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
