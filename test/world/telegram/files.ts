import { createHash, randomBytes } from 'node:crypto';
import { ApiError, badRequest } from './api-error.ts';
import { pngSize } from './image.ts';
import type { Params, Upload } from './params.ts';
import type { StoredFile } from './types.ts';

const maxPhotoBytes = 10 * 1024 * 1024;
/** A bot may fetch no more than this by getFile. */
const maxDownload = 20 * 1024 * 1024;

/** Every file the bot uploaded, by file_id. */
export class Files {
  readonly #byId = new Map<string, StoredFile>();

  get(id: string): StoredFile | null {
    return this.#byId.get(id) ?? null;
  }

  /** A file that is there again under its file_id, an upload, or `attach://name`; null where the argument is missing. */
  take(params: Params, field: 'photo' | 'document', value = params.text(field)): StoredFile | null {
    const attached = value.startsWith('attach://') ? params.file(value.slice('attach://'.length)) : null;
    const upload = attached ?? params.file(field);
    if (upload) return this.#store(upload, field);
    if (value === '') return null;
    if (/^https?:\/\//.test(value)) throw badRequest('Failed to get HTTP URL content');
    const known = this.#byId.get(value);
    if (!known) throw badRequest('Wrong file identifier/HTTP URL specified');
    if (known.kind !== field) {
      const [is, wanted] = known.kind === 'photo' ? ['Photo', 'Document'] : ['Document', 'Photo'];
      throw badRequest(`Can't use file of type ${is} as ${wanted}`);
    }
    return known;
  }

  /** getFile: path and size; refuses what is too big for a bot to fetch. */
  describe(id: string): Readonly<Record<string, unknown>> {
    const file = this.#byId.get(id);
    if (!file) throw badRequest('invalid file_id');
    if (file.bytes.length > maxDownload) throw badRequest('file is too big');
    return {
      file_id: file.id,
      file_unique_id: file.uniqueId,
      file_size: file.bytes.length,
      file_path: `${file.kind}s/${file.uniqueId}`,
    };
  }

  /** By the path that getFile told. */
  byPath(path: string): StoredFile | null {
    for (const file of this.#byId.values()) if (path === `${file.kind}s/${file.uniqueId}`) return file;
    return null;
  }

  #store(upload: Upload, kind: 'photo' | 'document'): StoredFile {
    if (upload.bytes.length === 0) throw badRequest('file must be non-empty');
    const size = kind === 'photo' ? photoSize(upload) : pngSize(upload.bytes);
    const file: StoredFile = {
      id: `${kind === 'photo' ? 'AgACAgIAAxk' : 'BQACAgIAAxk'}${randomBytes(24).toString('base64url')}`,
      uniqueId: createHash('sha256').update(upload.bytes).digest('base64url').slice(0, 16),
      kind,
      name: upload.name || 'file',
      mime: size ? 'image/png' : upload.mime || 'application/octet-stream',
      bytes: upload.bytes,
      width: size?.width ?? 0,
      height: size?.height ?? 0,
    };
    this.#byId.set(file.id, file);
    return file;
  }
}

function photoSize(upload: Upload): { readonly width: number; readonly height: number } {
  const { length } = upload.bytes;
  if (length > maxPhotoBytes) {
    throw badRequest(`file of size ${length} bytes is too big for a photo; the maximum size is ${maxPhotoBytes} bytes`);
  }
  const size = pngSize(upload.bytes);
  if (!size) throw new ApiError(400, 'Bad Request: IMAGE_PROCESS_FAILED');
  const { width, height } = size;
  const ratio = Math.max(width, height) / Math.min(width, height);
  if (width + height > 10_000 || !(ratio <= 20)) throw new ApiError(400, 'Bad Request: PHOTO_INVALID_DIMENSIONS');
  return size;
}
