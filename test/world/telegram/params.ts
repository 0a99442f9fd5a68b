import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ApiError, badRequest } from './api-error.ts';
import { splitMultipart } from './multipart.ts';

export interface Upload {
  readonly name: string;
  readonly mime: string;
  readonly bytes: Buffer;
}

/** Telegram's own front refuses bigger bodies before the Bot API server sees them. */
const maxBody = 50 * 1024 * 1024;

/** Fields that stay text in the call log, however much they look like JSON. */
const plainFields = new Set(['text', 'caption', 'callback_query_id', 'file_id', 'language_code']);

/** The arguments of one call. The server knows only strings: whatever a body held is turned into one. */
export class Params {
  readonly #values: ReadonlyMap<string, string>;
  readonly #files: ReadonlyMap<string, Upload>;

  constructor(values: ReadonlyMap<string, string>, files: ReadonlyMap<string, Upload>) {
    this.#values = values;
    this.#files = files;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** '' where absent. */
  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  flag(name: string): boolean {
    return ['true', 'yes', '1'].includes(this.text(name).toLowerCase());
  }

  /** Clamped, never refused, as the server does. */
  integer(name: string, fallback: number, min = -2_147_483_648, max = 2_147_483_647): number {
    const value = this.text(name);
    if (value === '') return fallback;
    const number = Number.parseInt(value, 10);
    return Math.min(max, Math.max(min, Number.isNaN(number) ? 0 : number));
  }

  /** 0 where absent or negative. */
  messageId(name = 'message_id'): number {
    return this.integer(name, 0, 0);
  }

  /** The decoded JSON of an argument; undefined where absent or empty. */
  json(name: string, what: string): unknown {
    const value = this.text(name);
    if (value === '') return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw badRequest(`Can't parse ${what} JSON object`);
    }
  }

  file(name: string): Upload | null {
    return this.#files.get(name) ?? null;
  }

  /** For the call log: readable values, files by name and size. */
  toLog(): Readonly<Record<string, unknown>> {
    const log: Record<string, unknown> = {};
    for (const [name, value] of this.#values) log[name] = plainFields.has(name) ? value : parsedOrText(value);
    for (const [name, file] of this.#files) log[name] = { filename: file.name, size: file.bytes.length };
    return log;
  }
}

function parsedOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size <= maxBody) chunks.push(bytes);
  }
  // Read to the end before refusing, so that the client gets to see the answer.
  if (size > maxBody) throw new ApiError(413, 'Request Entity Too Large');
  return Buffer.concat(chunks);
}

const jsonBody = z.record(z.string(), z.unknown());

/** Query string, JSON, urlencoded and multipart; a body wins over the query string. */
export async function readParams(request: IncomingMessage, query: URLSearchParams): Promise<Params> {
  const values = new Map<string, string>(query);
  const files = new Map<string, Upload>();
  const type = request.headers['content-type'] ?? '';
  const body = await readBody(request);
  if (body.length === 0) return new Params(values, files);

  if (type.startsWith('application/json')) {
    const parsed = jsonBody.safeParse(parsedOrText(body.toString('utf8')));
    if (!parsed.success) throw badRequest("can't parse JSON body");
    for (const [name, value] of Object.entries(parsed.data)) {
      if (value === null || value === undefined) continue;
      values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  } else if (type.startsWith('application/x-www-form-urlencoded')) {
    for (const [name, value] of new URLSearchParams(body.toString('utf8'))) values.set(name, value);
  } else if (type.startsWith('multipart/form-data')) {
    const parts = splitMultipart(body, type);
    if (!parts) throw badRequest("can't parse multipart body");
    for (const { name, filename, mime, bytes } of parts) {
      if (filename === null) values.set(name, bytes.toString('utf8'));
      else files.set(name, { name: filename, mime, bytes });
    }
  }
  return new Params(values, files);
}
