/** The message breaks the rules of D-Bus; nothing that follows on the connection can be trusted. */
export class WireError extends Error {}

/** From the specification. */
const maxDepth = 64;

/** Marshalled values out of a message, per "Message Protocol" of the D-Bus Specification. Throws {@link WireError}. */
export class Reader {
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly little: boolean;
  position: number;
  private depth = 0;

  constructor(bytes: Uint8Array, little: boolean, position = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.little = little;
    this.position = position;
  }

  /** One value for each complete type in `signature`. */
  all(signature: string): unknown[] {
    return splitSignature(signature).map((type) => this.value(type));
  }

  align(boundary: number): void {
    this.position = Math.ceil(this.position / boundary) * boundary;
  }

  private value(type: string): unknown {
    switch (type.charAt(0)) {
      case 'y':
        return this.view.getUint8(this.take(1));
      case 'b':
        return this.uint32() !== 0;
      case 'n':
        return this.view.getInt16(this.take(2), this.little);
      case 'q':
        return this.view.getUint16(this.take(2), this.little);
      case 'i':
        return this.view.getInt32(this.take(4), this.little);
      case 'u':
      case 'h':
        return this.uint32();
      // Times in µs and sizes in bytes stay exact as numbers; "infinity" (all bits set) becomes about 1.8e19.
      case 'x':
        return Number(this.view.getBigInt64(this.take(8), this.little));
      case 't':
        return Number(this.view.getBigUint64(this.take(8), this.little));
      case 'd':
        return this.view.getFloat64(this.take(8), this.little);
      case 's':
      case 'o':
        return this.text(this.uint32());
      case 'g':
        return this.text(this.view.getUint8(this.take(1)));
      case 'v':
        return this.variant();
      case 'a':
        return this.array(type.slice(1));
      case '(':
      case '{':
        this.align(8);
        return this.all(type.slice(1, -1));
      default:
        throw new WireError(`unknown type ${type}`);
    }
  }

  private uint32(): number {
    return this.view.getUint32(this.take(4), this.little);
  }

  private text(length: number): string {
    const start = this.take(length + 1, 1);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  private variant(): unknown {
    const [type, ...more] = splitSignature(this.text(this.view.getUint8(this.take(1))));
    if (type === undefined || more.length > 0) throw new WireError('a variant of not exactly one type');
    this.depth += 1;
    if (this.depth > maxDepth) throw new WireError('variants too deep in each other');
    const value = this.value(type);
    this.depth -= 1;
    return value;
  }

  private array(element: string): unknown[] | Map<unknown, unknown> {
    const length = this.uint32();
    this.align(alignmentOf(element));
    const end = this.position + length;
    if (end > this.bytes.byteLength) throw new WireError('an array beyond its message');
    const values: unknown[] = [];
    const entries = new Map<unknown, unknown>();
    while (this.position < end) {
      const start = this.position;
      const value = this.value(element);
      if (this.position === start) throw new WireError(`an element of no size: ${element}`);
      if (element.startsWith('{') && Array.isArray(value)) entries.set(value[0], value[1]);
      else values.push(value);
    }
    return element.startsWith('{') ? entries : values;
  }

  /** Steps over `size` bytes, aligned to their size; returns where they begin. */
  private take(size: number, boundary = size): number {
    this.align(boundary);
    const start = this.position;
    this.position += size;
    if (this.position > this.bytes.byteLength) throw new WireError('a value beyond its message');
    return start;
  }
}

export function alignmentOf(type: string): number {
  return { y: 1, g: 1, v: 1, n: 2, q: 2, x: 8, t: 8, d: 8, '(': 8, '{': 8 }[type.charAt(0)] ?? 4;
}

/** `sa{sv}u` → `s`, `a{sv}`, `u`. */
export function splitSignature(signature: string): string[] {
  const types: string[] = [];
  let start = 0;
  while (start < signature.length) {
    const end = endOfType(signature, start);
    types.push(signature.slice(start, end));
    start = end;
  }
  return types;
}

function endOfType(signature: string, start: number): number {
  let at = start;
  while (signature.charAt(at) === 'a') at += 1;
  if (signature.charAt(at) !== '(' && signature.charAt(at) !== '{') return at + 1;
  let depth = 0;
  for (; at < signature.length; at += 1) {
    if ('({'.includes(signature.charAt(at))) depth += 1;
    else if (')}'.includes(signature.charAt(at))) depth -= 1;
    if (depth === 0) return at + 1;
  }
  throw new WireError(`a signature that does not end: ${signature}`);
}
