const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Width and height of a whole PNG; null for anything else (the product draws nothing but PNG). */
export function pngSize(bytes: Buffer): { readonly width: number; readonly height: number } | null {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(signature)) return null;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  // A picture cut off in the middle is not a picture.
  if (bytes.indexOf('IEND', bytes.length - 16, 'latin1') === -1) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}
