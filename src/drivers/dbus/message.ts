import { Reader, WireError } from './reader.ts';

export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly iface: string;
  readonly member: string;
  /** Types of `args`; of all that D-Bus has only `s`, `u`, `i`, `b` and `as` are needed here. */
  readonly signature?: string;
  readonly args?: readonly (string | number | boolean | readonly string[])[];
}

export type MessageKind = 'call' | 'return' | 'error' | 'signal';

/** A message that came in. The body is worked out when it is asked for: most signals are not ours. */
export interface Message {
  readonly kind: MessageKind;
  readonly replyTo: number;
  readonly path: string;
  readonly iface: string;
  readonly member: string;
  readonly error: string;
  body(): unknown[];
}

const kinds: readonly (MessageKind | undefined)[] = [undefined, 'call', 'return', 'error', 'signal'];
const callKind = 1;
/** Codes of the header fields, from the specification. */
const field = { path: 1, iface: 2, member: 3, error: 4, replyTo: 5, destination: 6, signature: 8 };
/** The specification allows 128 MiB; nothing that is asked here comes near this. */
const maxMessage = 16 * 1024 * 1024;

/** One method call in little-endian bytes. */
export function encodeCall(serial: number, call: MethodCall): Buffer {
  const signature = call.signature ?? '';
  const body = new Writer();
  const args = call.args ?? [];
  splitArgs(signature).forEach((type, index) => void body.value(type, args[index]));
  const bodyBytes = body.bytes();

  const message = new Writer();
  message.byte('l'.charCodeAt(0)).byte(callKind).byte(0).byte(1).uint32(bodyBytes.length).uint32(serial);
  const fields = new Writer();
  fields.field(field.path, 'o', call.path).field(field.iface, 's', call.iface).field(field.member, 's', call.member);
  if (call.destination !== '') fields.field(field.destination, 's', call.destination);
  if (signature !== '') fields.field(field.signature, 'g', signature);
  const fieldBytes = fields.bytes();
  // The fields begin at offset 16, a multiple of 8, so their own alignment holds inside the message too.
  message.uint32(fieldBytes.length).raw(fieldBytes).align(8).raw(bodyBytes);
  return message.bytes();
}

/** The message at the beginning of `bytes` and its length, or null while it is not complete. Throws {@link WireError}. */
export function decodeMessage(bytes: Buffer): { message: Message; length: number } | null {
  if (bytes.length < 16) return null;
  const little = bytes[0] === 'l'.charCodeAt(0);
  if (!little && bytes[0] !== 'B'.charCodeAt(0)) throw new WireError('not a D-Bus message');
  const uint32 = (offset: number) => (little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  const bodyStart = Math.ceil((16 + uint32(12)) / 8) * 8;
  const length = bodyStart + uint32(4);
  if (length > maxMessage) throw new WireError('a message too large');
  if (bytes.length < length) return null;
  const kind = kinds[bytes[1] ?? 0];
  if (kind === undefined) throw new WireError(`a message of unknown kind ${bytes[1]}`);

  // Aligned to the message's own beginning, and safe from whoever reuses the buffer.
  const own = Buffer.from(bytes.subarray(0, length));
  const fields = new Map<unknown, unknown>();
  const [pairs] = new Reader(own, little, 12).all('a(yv)');
  if (Array.isArray(pairs)) for (const [code, value] of pairs) fields.set(code, value);
  const text = (code: number) => {
    const value = fields.get(code);
    return typeof value === 'string' ? value : '';
  };
  const replyTo = fields.get(field.replyTo);
  const message: Message = {
    kind,
    replyTo: typeof replyTo === 'number' ? replyTo : 0,
    path: text(field.path),
    iface: text(field.iface),
    member: text(field.member),
    error: text(field.error),
    body: () => new Reader(own.subarray(bodyStart), little).all(text(field.signature)),
  };
  return { message, length };
}

function splitArgs(signature: string): string[] {
  return signature.match(/a?./g) ?? [];
}

class Writer {
  private readonly parts: Buffer[] = [];
  private size = 0;

  raw(bytes: Buffer): this {
    this.parts.push(bytes);
    this.size += bytes.length;
    return this;
  }

  align(boundary: number): this {
    return this.raw(Buffer.alloc((boundary - (this.size % boundary)) % boundary));
  }

  byte(value: number): this {
    return this.raw(Buffer.from([value]));
  }

  uint32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    return this.align(4).raw(bytes);
  }

  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8');
    return this.uint32(bytes.length).raw(bytes).byte(0);
  }

  signature(value: string): this {
    return this.byte(value.length).raw(Buffer.from(value, 'latin1')).byte(0);
  }

  field(code: number, type: 'o' | 's' | 'g', value: string): this {
    this.align(8).byte(code).signature(type);
    return type === 'g' ? this.signature(value) : this.text(value);
  }

  value(type: string, value: unknown): this {
    if (type === 's' && typeof value === 'string') return this.text(value);
    if ((type === 'u' || type === 'i') && typeof value === 'number') return this.uint32(value);
    if (type === 'b' && typeof value === 'boolean') return this.uint32(value ? 1 : 0);
    if (type === 'as' && Array.isArray(value)) {
      const elements = new Writer();
      for (const element of value) elements.value('s', element);
      const bytes = elements.bytes();
      return this.uint32(bytes.length).raw(bytes);
    }
    throw new Error(`cannot write ${JSON.stringify(value)} as ${type}`);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts, this.size);
  }
}
