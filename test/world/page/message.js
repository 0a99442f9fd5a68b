import { clockTime, fileSize, say } from './texts.js';

/**
 * One message as an element. `actions`: command(text), press(message, button, element), enlarge(url), jump(id),
 * isPending(message, button), find(id).
 */
export function renderMessage(message, actions) {
  const row = create('article', { className: `row ${message.fromBot ? 'in' : 'out'}` });
  row.dataset.id = message.id;
  const bubble = create('div', { className: 'bubble' });
  if (message.replyTo !== null) bubble.append(renderReply(message.replyTo, actions));
  if (message.photo) bubble.append(renderPhoto(message.photo, actions));
  if (message.document) bubble.append(renderDocument(message.document));
  const text = create('div', { className: 'text', dir: 'auto' });
  if (message.text !== '') text.append(renderText(message.text, message.entities, actions));
  text.append(renderMeta(message));
  bubble.classList.toggle('media-only', message.photo !== null && message.text === '');
  bubble.append(text);
  row.append(bubble);
  if (message.keyboard.length > 0) row.append(renderKeyboard(message, actions));
  return row;
}

export function create(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#${name}`);
  svg.setAttribute('class', 'icon');
  svg.append(use);
  return svg;
}

function renderMeta(message) {
  const meta = create('span', { className: 'meta' });
  if (message.pinned) meta.append(icon('pin'));
  if (message.silent) {
    const bell = create('span', { className: 'silent', title: say('silent') }, icon('bell-off'));
    meta.append(bell);
  }
  if (message.editDate !== null) meta.append(create('span', {}, say('edited')));
  meta.append(create('time', {}, clockTime(message.date)));
  if (!message.fromBot) meta.append(icon('check'));
  return meta;
}

function renderReply(id, actions) {
  const target = actions.find(id);
  const reply = create('button', { type: 'button', className: 'reply' });
  const text = target ? target.text || say('photo') : say('deleted');
  reply.append(create('span', { className: 'reply-text' }, text.split('\n')[0]));
  reply.addEventListener('click', () => actions.jump(id));
  return reply;
}

function renderPhoto(photo, actions) {
  const url = `/file/${encodeURIComponent(photo.fileId)}`;
  const button = create('button', { type: 'button', className: 'photo', ariaLabel: say('photo') });
  button.append(create('img', { src: url, width: photo.width, height: photo.height, alt: say('photo') }));
  button.addEventListener('click', () => actions.enlarge(url));
  return button;
}

function renderDocument(file) {
  const url = `/file/${encodeURIComponent(file.fileId)}`;
  const link = create('a', { className: 'document', href: url, download: file.name });
  const about = create('span', { className: 'about' });
  about.append(create('b', {}, file.name), create('span', {}, fileSize(file.size)));
  link.append(create('span', { className: 'badge' }, icon('file')), about);
  return link;
}

function renderKeyboard(message, actions) {
  const keyboard = create('div', { className: 'keyboard' });
  for (const buttons of message.keyboard) {
    const line = create('div', { className: 'keys' });
    for (const button of buttons) line.append(renderKey(message, button, actions));
    keyboard.append(line);
  }
  return keyboard;
}

function renderKey(message, button, actions) {
  const key = create('button', { type: 'button', className: 'key' }, create('span', { dir: 'auto' }, button.text));
  if (button.style) key.classList.add(button.style);
  if (button.url) key.append(icon('link'));
  if (actions.isPending(message, button)) key.classList.add('pending');
  key.addEventListener('click', () => actions.press(message, button, key));
  return key;
}

/** Text with its entities, outer ones first, as nested elements. */
function renderText(text, entities, actions) {
  return renderRange(text, entities, 0, text.length, actions);
}

const blocks = new Set(['pre', 'blockquote', 'expandable_blockquote']);

function renderRange(text, entities, from, to, actions) {
  const fragment = document.createDocumentFragment();
  const rest = [...entities];
  let at = from;
  while (rest.length > 0) {
    const entity = rest.shift();
    const end = Math.min(to, entity.offset + entity.length);
    if (entity.offset < at || end <= at) continue;
    const inside = [];
    while (rest.length > 0 && rest[0].offset < end) inside.push(rest.shift());
    const isBlock = blocks.has(entity.type);
    // A block brings its own line breaks.
    const before = text.slice(at, entity.offset);
    fragment.append(isBlock ? before.replace(/\n$/, '') : before);
    const element = elementOf(entity, text.slice(entity.offset, end), actions);
    element.append(renderRange(text, inside, entity.offset, end, actions));
    fragment.append(element);
    at = isBlock && text[end] === '\n' ? end + 1 : end;
  }
  fragment.append(text.slice(at, to));
  return fragment;
}

const tags = {
  bold: 'b',
  italic: 'i',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  hashtag: 'span',
};

function elementOf(entity, text, actions) {
  const tag = tags[entity.type];
  if (tag) return create(tag);
  switch (entity.type) {
    case 'text_link':
    case 'url':
      return linkTo(entity.url ?? text);
    case 'bot_command':
      return clickable('command', () => actions.command(text));
    case 'spoiler': {
      const spoiler = clickable('spoiler', () => spoiler.classList.add('shown'));
      return spoiler;
    }
    case 'expandable_blockquote': {
      const quote = create('blockquote', { className: 'folded' });
      quote.addEventListener('click', () => quote.classList.toggle('folded'));
      return quote;
    }
    case 'date_time':
      return create('span', { className: 'date', title: new Date(entity.unix_time * 1000).toLocaleString() });
    default:
      return create('span', { className: entity.type === 'mention' ? 'mention' : '' });
  }
}

/** Only web addresses become links: a message must not be able to run anything here. */
function linkTo(url) {
  if (!/^https?:\/\//i.test(url)) return create('span', { className: 'mention' });
  return create('a', { href: url, target: '_blank', rel: 'noopener noreferrer' });
}

function clickable(className, onClick) {
  const element = create('span', { className, role: 'button', tabIndex: 0 });
  element.addEventListener('click', onClick);
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') onClick();
  });
  return element;
}
