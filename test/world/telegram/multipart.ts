/** One part of a multipart/form-data body; `filename` null for a plain field. */
export interface Part {
  readonly name: string;
  readonly filename: string | null;
  readonly mime: string;
  readonly bytes: Buffer;
}

/**
 * Splits a multipart/form-data body; null where it is not one. (Node's own `Response.formData` refuses what grammY
 * sends: `content-disposition:form-data;name="x"` without spaces.)
 */
export function splitMultipart(body: Buffer, contentType: string): readonly Part[] | null {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const mark = `--${boundary?.[1] ?? boundary?.[2] ?? ''}`;
  if (mark === '--' || body.indexOf(`${mark}--`) === -1) return null;
  const parts: Part[] = [];
  let at = body.indexOf(mark);
  while (body.toString('latin1', at + mark.length, at + mark.length + 2) === '\r\n') {
    const headEnd = body.indexOf('\r\n\r\n', at);
    const next = body.indexOf(`\r\n${mark}`, headEnd);
    if (headEnd === -1 || next === -1) return null;
    const part = readPart(body.toString('utf8', at + mark.length + 2, headEnd), body.subarray(headEnd + 4, next));
    if (!part) return null;
    parts.push(part);
    at = next + 2;
  }
  return parts;
}

function readPart(head: string, bytes: Buffer): Part | null {
  const name = /;\s*name="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) return null;
  const filename = /;\s*filename\*?="?([^"\r\n]*)"?/i.exec(head)?.[1] ?? null;
  return { name, filename, mime: /^content-type:\s*([^\r\n;]+)/im.exec(head)?.[1] ?? '', bytes };
}
