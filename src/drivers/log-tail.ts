import { open, stat } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';

const chunkBytes = 64 * 1024;
/** Further back than this is not looked: a log of nothing but huge lines must not fill the memory. */
const maxBytes = 4 * 1024 * 1024;
/** Characters kept of one line; more fits in no message anyway. */
const maxLine = 2000;

/** The last `count` lines of a file, oldest first, read from its end. A missing file has none. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  if (count <= 0) return [];
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch {
    return [];
  }
  try {
    const chunks: Buffer[] = [];
    let position = (await file.stat()).size;
    let breaks = 0;
    let total = 0;
    // One line break more than lines: the last line usually ends with one.
    while (position > 0 && breaks <= count && total < maxBytes) {
      const size = Math.min(chunkBytes, position);
      position -= size;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, position);
      const chunk = buffer.subarray(0, bytesRead);
      for (const byte of chunk) if (byte === 10) breaks += 1;
      total += bytesRead;
      chunks.unshift(chunk);
    }
    const lines = withoutHole(Buffer.concat(chunks)).toString('utf8').split('\n');
    if (position > 0 && lines.length > 1) lines.shift();
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count).map(readable);
  } finally {
    await file.close();
  }
}

/**
 * The last lines of what a service writes. Somebody may have moved or removed its log under it (`rm`, a logrotate
 * without copytruncate): what it has open is read then. `pid` null: it does not run.
 */
export async function lastLinesOf(pid: number | null, path: string, count: number): Promise<string[]> {
  const opened = `/proc/${pid}/fd/1`;
  const [named, written] = await Promise.all(
    [path, opened].map((each) => (pid === null && each === opened ? null : stat(each).catch(() => null))),
  );
  const elsewhere = written?.isFile() && (named?.ino !== written.ino || named.dev !== written.dev);
  return lastLines(elsewhere ? opened : path, count);
}

/** A rotation may have left a hole (log-rotation.ts), which reads as zeros. */
function withoutHole(text: Buffer): Buffer {
  const start = text[0] === 0 ? text.findIndex((byte) => byte !== 0) : 0;
  return start === -1 ? text.subarray(0, 0) : text.subarray(start);
}

/** One line as a person reads it: no colours, and of a line that was drawn over only what stood there last. */
export function readable(line: string): string {
  const last =
    stripVTControlCharacters(line.slice(0, maxLine * 4))
      .replace(/\r+$/, '')
      .split('\r')
      .at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const plain = last.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
  return plain.length > maxLine ? `${plain.slice(0, maxLine)}…` : plain;
}
