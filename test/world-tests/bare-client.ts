import { z } from 'zod';

export const token = '7001:AAtestSecret';

const replyShape = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.number()).optional(),
});

export type BareReply = z.infer<typeof replyShape> & { readonly status: number; readonly retryAfter: string | null };

/** One Bot API call by plain fetch: what a library would hide shows here. */
export async function call(
  world: { readonly apiRoot: string },
  method: string,
  body: Readonly<Record<string, unknown>> | FormData = {},
  signal?: AbortSignal,
): Promise<BareReply> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${world.apiRoot}/bot${token}/${method}`, {
    method: 'POST',
    ...(isForm ? {} : { headers: { 'content-type': 'application/json' } }),
    body: isForm ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
  const reply = replyShape.parse(await response.json());
  return { ...reply, status: response.status, retryAfter: response.headers.get('retry-after') };
}

const messageShape = z.looseObject({ message_id: z.number() });

/** The message_id of a reply that must be a message. */
export function messageId(reply: BareReply): number {
  if (!reply.ok) throw new Error(reply.description ?? 'refused');
  return messageShape.parse(reply.result).message_id;
}

/** A PNG by its header: enough for whoever looks only at the size. */
export function png(width: number, height: number, bytes = 0): Buffer {
  const head = Buffer.alloc(33);
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(head);
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12, 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  const end = Buffer.from('0000000049454e44ae426082', 'hex');
  return Buffer.concat([head, Buffer.alloc(Math.max(0, bytes - head.length - end.length)), end]);
}

export function form(fields: Readonly<Record<string, string | Buffer>>, filename = 'a.png'): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.set(name, value);
    else data.set(name, new Blob([new Uint8Array(value)]), filename);
  }
  return data;
}
