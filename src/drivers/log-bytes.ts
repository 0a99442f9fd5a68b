import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/**
 * How long (bytes, whole blocks) the hole at a file's beginning is: nothing but zeros, as an earlier rotation left it.
 * Found by halving: text follows upon the hole and has no zeros.
 */
export async function leadingHole(file: FileHandle, size: number, block: number): Promise<number> {
  const buffer = Buffer.alloc(block);
  const isEmpty = async (number: number): Promise<boolean> => {
    const { bytesRead } = await file.read(buffer, 0, block, number * block);
    return bytesRead === block && buffer.every((byte) => byte === 0);
  };
  let low = 0;
  let high = Math.floor(size / block);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isEmpty(middle)) low = middle + 1;
    else high = middle;
  }
  return low * block;
}

/** Whether all of `part` stands in `whole` from `offset` on. */
export async function sameBytes(part: FileHandle, whole: FileHandle, offset: number): Promise<boolean> {
  const { size } = await part.stat();
  const [one, other] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - at);
    const [read, stands] = await Promise.all([
      part.read(one, 0, length, at),
      whole.read(other, 0, length, offset + at),
    ]);
    if (read.bytesRead !== stands.bytesRead) return false;
    if (!one.subarray(0, length).equals(other.subarray(0, length))) return false;
  }
  return true;
}
