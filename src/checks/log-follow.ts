import { type FileHandle, open, stat } from 'node:fs/promises';
import { codeOf } from './connect.ts';

/** So much is read at one look; a log that grows faster is read from further on, and said to be. */
const MAX_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** Of a longer line only its start is kept. */
const MAX_LINE_BYTES = 8 * 1024;
/** So much before the place reached is compared at the next look: a file cut off and grown again is another text. */
const MEMORY_BYTES = 1024;

const lineBreak = 10;

/** What came since the last look. */
export interface LogNews {
  readonly lines: readonly string[];
  /** Bytes that were passed over because there were too many. */
  readonly skipped: number;
  /** Why the file cannot be read now (`ENOENT`, `EACCES`, `EISDIR`, …); null: it can. */
  readonly missing: string | null;
}

/** A file under observation, and how far it has been read. */
interface Place {
  readonly file: FileHandle;
  readonly device: number;
  readonly inode: number;
  /** The file system's, in bytes. */
  readonly block: number;
  offset: number;
  memory: Buffer;
  /** The beginning of a line whose end has not been written yet. */
  open: Buffer;
}

/**
 * Follows a log by its name: what is there at the first look is old; a file that comes later, or takes the place of
 * another, is read from its start, after the rest of the old one.
 */
export function createLogFollower(path: string) {
  let place: Place | null = null;
  let looked = false;

  async function look(): Promise<LogNews> {
    const lines: string[] = [];
    let skipped = 0;
    try {
      const found = await find(path);
      if (place !== null && (found.code !== null || !isSame(place, found))) {
        skipped += await readOn(place, lines);
        if (place.open.length > 0) lines.push(textOf(place.open));
        await letGo();
      }
      if (found.code !== null) return { lines, skipped, missing: found.code };
      place ??= await take(path, looked);
      skipped += await readOn(place, lines);
      return { lines, skipped, missing: null };
    } catch (error) {
      await letGo();
      return { lines, skipped, missing: codeOf(error) || 'EIO' };
    } finally {
      looked = true;
    }
  }

  async function letGo(): Promise<void> {
    const { file } = place ?? {};
    place = null;
    await file?.close();
  }

  return { look, close: letGo };
}

async function find(path: string) {
  try {
    const found = await stat(path);
    const code = found.isFile() ? null : found.isDirectory() ? 'EISDIR' : 'ENOTREG';
    return { code, device: found.dev, inode: found.ino };
  } catch (error) {
    return { code: codeOf(error) || 'EIO', device: 0, inode: 0 };
  }
}

function isSame(place: Place, found: { readonly device: number; readonly inode: number }): boolean {
  return place.device === found.device && place.inode === found.inode;
}

async function take(path: string, fromStart: boolean): Promise<Place> {
  const file = await open(path, 'r');
  const { dev, ino, size, blksize } = await file.stat();
  const offset = fromStart ? 0 : size;
  const memory = await readBefore(file, offset);
  return { file, device: dev, inode: ino, block: blksize, offset, memory, open: Buffer.alloc(0) };
}

/** Adds the complete lines that came; says how many bytes were passed over. */
async function readOn(place: Place, lines: string[]): Promise<number> {
  const { size } = await place.file.stat();
  // What stood before the place reached is not there any more, or something else is.
  if (!(await readBefore(place.file, place.offset)).equals(place.memory)) await findAgain(place, size);
  const skipped = Math.max(0, size - place.offset - MAX_BYTES);
  if (skipped > 0) {
    place.offset += skipped;
    place.open = Buffer.alloc(0);
  }
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size - place.offset)));
  while (place.offset < size) {
    const { bytesRead } = await place.file.read(chunk, 0, Math.min(chunk.length, size - place.offset), place.offset);
    if (bytesRead === 0) break;
    place.offset += bytesRead;
    split(place, chunk.subarray(0, bytesRead), lines);
  }
  place.memory = await readBefore(place.file, place.offset);
  return skipped;
}

/** Our own rotation takes whole blocks out of a file's beginning and moves the rest down; others empty the file. */
async function findAgain(place: Place, size: number): Promise<void> {
  const { file, block, offset, memory } = place;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, MAX_BYTES)), 0, undefined, 0);
  const text = buffer.subarray(0, bytesRead);
  // The last such place: a log that says the same over and over is rather read too little than twice.
  for (let at = text.lastIndexOf(memory); at > 0; at = text.lastIndexOf(memory, at - 1)) {
    const end = at + memory.length;
    if (end >= offset || (offset - end) % block !== 0) continue;
    place.offset = end;
    return;
  }
  place.offset = 0;
  place.open = Buffer.alloc(0);
}

function split(place: Place, bytes: Buffer, lines: string[]): void {
  let start = 0;
  for (let end = bytes.indexOf(lineBreak); end !== -1; end = bytes.indexOf(lineBreak, start)) {
    lines.push(textOf(Buffer.concat([place.open, bytes.subarray(start, end)])));
    place.open = Buffer.alloc(0);
    start = end + 1;
  }
  place.open = Buffer.concat([place.open, bytes.subarray(start)]).subarray(0, MAX_LINE_BYTES);
}

function textOf(line: Buffer): string {
  return line.toString('utf8', 0, Math.min(line.length, MAX_LINE_BYTES));
}

async function readBefore(file: FileHandle, offset: number): Promise<Buffer> {
  const length = Math.min(MEMORY_BYTES, offset);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset - length);
  return buffer.subarray(0, bytesRead);
}
