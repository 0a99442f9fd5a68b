import type { Account } from './account.ts';
import type { ChatState, Entity, FormattedText, Keyboard, StoredMessage } from './types.ts';

type Json = Readonly<Record<string, unknown>>;

/** A message as a person in the chat sees it now. */
export interface ShownMessage {
  readonly id: number;
  readonly chatId: number;
  readonly fromBot: boolean;
  readonly senderId: number;
  /** The text, or the caption of a file. */
  readonly text: string;
  readonly entities: readonly Entity[];
  /** `text` with its entities as tags, for reading in a test. */
  readonly html: string;
  readonly keyboard: Keyboard;
  /** The texts of `keyboard`, row by row. */
  readonly buttons: readonly (readonly string[])[];
  readonly photo: ShownFile | null;
  readonly document: ShownFile | null;
  /** How many times it was changed, its keyboard included. */
  readonly edits: number;
  readonly silent: boolean;
  readonly replyTo: number | null;
  readonly topic: number | null;
  readonly pinned: boolean;
  /** Whether a link preview was asked not to show. */
  readonly previewOff: boolean;
  /** Epoch seconds. */
  readonly date: number;
  readonly editDate: number | null;
  /** Grows with every change in the world; what `since` is compared with. */
  readonly revision: number;
}

export interface ShownFile {
  readonly fileId: string;
  readonly name: string;
  readonly mime: string;
  readonly size: number;
  readonly width: number;
  readonly height: number;
}

export function show(account: Account, chat: ChatState, message: StoredMessage): ShownMessage {
  const { file, content } = message;
  const shownFile = file && {
    fileId: file.id,
    name: file.name,
    mime: file.mime,
    size: file.bytes.length,
    width: file.width,
    height: file.height,
  };
  const keyboard = message.keyboard ?? [];
  return {
    id: message.id,
    chatId: chat.id,
    fromBot: message.from.id === account.bot.id,
    senderId: message.from.id,
    text: content.text,
    entities: content.entities,
    html: toHtml(content),
    keyboard,
    buttons: keyboard.map((row) => row.map((button) => button.text)),
    photo: file?.kind === 'photo' ? shownFile : null,
    document: file?.kind === 'document' ? shownFile : null,
    edits: message.edits,
    silent: message.silent,
    replyTo: message.replyTo,
    topic: message.topic,
    pinned: chat.pinned.includes(message.id),
    previewOff: message.linkPreview?.is_disabled === true,
    date: message.date,
    editDate: message.editDate,
    revision: message.revision,
  };
}

/** A chat as it stands inside messages. */
export function chatJson(chat: ChatState): Json {
  if (chat.type !== 'private') {
    return { id: chat.id, title: chat.title, type: chat.type, ...(chat.forum ? { is_forum: true } : {}) };
  }
  const { id, first_name, last_name, username } = chat.person ?? { id: chat.id, first_name: '' };
  return { id, first_name, ...(last_name ? { last_name } : {}), ...(username ? { username } : {}), type: 'private' };
}

/** A message as the Bot API tells it; the message it replies to is included one level deep. */
export function messageJson(chat: ChatState, message: StoredMessage, depth = 1): Json {
  const { content, file, keyboard, service } = message;
  const json: Record<string, unknown> = { message_id: message.id, from: message.from, chat: chatJson(chat) };
  json.date = message.date;
  if (message.editDate !== null) json.edit_date = message.editDate;
  if (message.topic !== null) Object.assign(json, { message_thread_id: message.topic, is_topic_message: true });
  const target = message.replyTo === null ? undefined : chat.messages.get(message.replyTo);
  if (target && depth > 0) json.reply_to_message = messageJson(chat, target, depth - 1);
  if (file) Object.assign(json, fileJson(message));
  else if (!service) json.text = content.text;
  if (content.entities.length > 0) json[file ? 'caption_entities' : 'entities'] = content.entities;
  if (message.linkPreview) json.link_preview_options = message.linkPreview;
  if (message.protectedContent) json.has_protected_content = true;
  if (keyboard) json.reply_markup = { inline_keyboard: keyboard };
  return { ...json, ...service };
}

function fileJson({ file, content }: StoredMessage): Json {
  if (!file) return {};
  const base = { file_id: file.id, file_unique_id: file.uniqueId, file_size: file.bytes.length };
  const caption = content.text === '' ? {} : { caption: content.text };
  if (file.kind === 'photo') return { photo: [{ ...base, width: file.width, height: file.height }], ...caption };
  return { document: { ...base, file_name: file.name, mime_type: file.mime }, ...caption };
}

const tags: ReadonlyMap<string, string> = new Map([
  ['bold', 'b'],
  ['italic', 'i'],
  ['underline', 'u'],
  ['strikethrough', 's'],
  ['spoiler', 'tg-spoiler'],
  ['blockquote', 'blockquote'],
  ['code', 'code'],
]);

/** Back to HTML: what a test reads more easily than offsets. Commands, links and mentions found by the server stay bare. */
export function toHtml({ text, entities }: FormattedText): string {
  const opens = new Map<number, string[]>();
  const closes = new Map<number, string[]>();
  for (const entity of entities) {
    const [open, close] = tagsOf(entity);
    const end = entity.offset + entity.length;
    opens.set(entity.offset, [...(opens.get(entity.offset) ?? []), open]);
    closes.set(end, [close, ...(closes.get(end) ?? [])]);
  }
  let html = '';
  for (let at = 0; at <= text.length; at++) {
    html += (closes.get(at) ?? []).join('') + (opens.get(at) ?? []).join('') + escapeHtml(text.charAt(at));
  }
  return html;
}

function tagsOf(entity: Entity): [string, string] {
  const simple = tags.get(entity.type);
  if (simple) return [`<${simple}>`, `</${simple}>`];
  if (entity.type === 'expandable_blockquote') return ['<blockquote expandable>', '</blockquote>'];
  if (entity.type === 'text_link') return [`<a href="${escapeHtml(entity.url ?? '')}">`, '</a>'];
  if (entity.type === 'date_time') return [`<tg-time unix="${entity.unix_time}">`, '</tg-time>'];
  if (entity.type === 'pre' && entity.language) {
    return [`<pre><code class="language-${escapeHtml(entity.language)}">`, '</code></pre>'];
  }
  return entity.type === 'pre' ? ['<pre>', '</pre>'] : ['', ''];
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
