/** Width and height of a PNG, JPEG or GIF by its own bytes; null for anything else. */
export function imageSize(bytes: Buffer): { width: number; height: number; mime: string } | null {
  return pngSize(bytes) ?? jpegSize(bytes) ?? gifSize(bytes);
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function pngSize(bytes: Buffer): { width: number; height: number; mime: string } | null {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(pngSignature)) return null;
  if (bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  // A picture cut off in the middle is not a picture.
  if (bytes.indexOf('IEND', bytes.length - 16, 'latin1') === -1) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), mime: 'image/png' };
}

function jpegSize(bytes: Buffer): { width: number; height: number; mime: string } | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5), mime: 'image/jpeg' };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

function gifSize(bytes: Buffer): { width: number; height: number; mime: string } | null {
  if (bytes.length < 10 || !/^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))) return null;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), mime: 'image/gif' };
}
