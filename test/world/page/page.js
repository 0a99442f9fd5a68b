import { create, icon, renderMessage } from './message.js';
import { day, pick, say, setLanguage } from './texts.js';

const at = (id) => document.getElementById(id);
const list = at('messages');
const input = at('input');

/** By id; a Map keeps the order of arrival. */
const messages = new Map();
/** Presses without an answer yet, as `message id` + space + `data`. */
const pending = new Set();
let commands = [];
let controls = [];
/** Results of the controls, kept over a change of language. */
const results = new Map();

// --- Talking to the server

async function post(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error((await response.json()).error ?? response.statusText);
  return response.json();
}

function send(text) {
  if (text.trim() === '') return;
  closeMenu();
  post('/send', { text }).catch(() => toast(say('failed')));
  scrollToEnd();
}

const onEvent = {
  state(state) {
    at('stopped').hidden = true;
    at('bot-name').textContent = state.bot;
    at('avatar').textContent = [...state.bot][0];
    controls = state.controls;
    commands = state.commands;
    messages.clear();
    for (const message of state.messages) messages.set(message.id, message);
    showNetwork(state.online);
    speak(state.language);
  },
  message({ message }) {
    const isNew = !messages.has(message.id);
    const wasAtEnd = isAtEnd();
    messages.set(message.id, message);
    showOne(message);
    showPinned();
    if (isNew && message.fromBot) showAction(null);
    if (wasAtEnd || (isNew && !message.fromBot)) scrollToEnd();
    else if (isNew) at('down').classList.add('news');
  },
  deleted({ id }) {
    messages.delete(id);
    showAll();
  },
  commands(event) {
    commands = event.commands;
    showMenu();
  },
  language(event) {
    commands = event.commands;
    speak(event.language);
  },
  action: ({ action }) => showAction(action),
  network: ({ online }) => showNetwork(online),
};

const events = new EventSource('/events');
events.addEventListener('message', (event) => {
  const news = JSON.parse(event.data);
  onEvent[news.kind]?.(news);
});
events.addEventListener('error', () => {
  at('stopped').hidden = false;
});

// --- The chat

const actions = {
  command: send,
  find: (id) => messages.get(id),
  isPending: (message, button) => pending.has(`${message.id} ${button.callback_data}`),
  jump(id) {
    const row = list.querySelector(`[data-id="${id}"]`);
    row?.scrollIntoView({ block: 'center', behavior: 'smooth' });
    row?.animate([{ background: 'var(--flash)' }, { background: 'transparent' }], 1200);
  },
  enlarge(url) {
    at('enlarged').src = url;
    at('lightbox').showModal();
  },
  press,
};

async function press(message, button, key) {
  if (button.url) {
    if (/^https?:/i.test(button.url)) window.open(button.url, '_blank', 'noopener');
    return;
  }
  if (button.copy_text) {
    await navigator.clipboard.writeText(button.copy_text.text);
    toast(say('copied'));
    return;
  }
  const name = `${message.id} ${button.callback_data}`;
  if (pending.has(name)) return;
  pending.add(name);
  key.classList.add('pending');
  try {
    const { answer } = await post('/tap', { messageId: message.id, data: button.callback_data });
    if (!answer) toast(say('noAnswer'));
    else if (answer.show_alert) showAlert(answer.text);
    else if (answer.text) toast(answer.text);
  } catch {
    toast(say('failed'));
  } finally {
    pending.delete(name);
    // The message may have been drawn anew meanwhile.
    const current = messages.get(message.id);
    if (current) showOne(current);
  }
}

function showOne(message) {
  const row = renderMessage(message, actions);
  const old = list.querySelector(`[data-id="${message.id}"]`);
  if (old) {
    old.replaceWith(row);
    return;
  }
  if (messages.size === 1) {
    list.replaceChildren();
    lastDay = '';
  }
  row.classList.add('fresh');
  append(message, row);
  showWriting();
}

let lastDay = '';

function append(message, row) {
  const thisDay = day(message.date);
  if (thisDay !== lastDay) list.append(create('div', { className: 'day' }, thisDay));
  lastDay = thisDay;
  list.append(row);
}

function showAll() {
  const { scrollTop } = list;
  list.replaceChildren();
  lastDay = '';
  for (const message of messages.values()) append(message, renderMessage(message, actions));
  if (messages.size === 0) list.append(create('div', { className: 'day empty' }, say('empty')));
  list.scrollTop = scrollTop;
  showWriting();
  showPinned();
}

/** Before the first message there is only START. */
function showWriting() {
  at('start').hidden = messages.size > 0;
  at('composer').hidden = messages.size === 0;
}

function showPinned() {
  const pinned = [...messages.values()].findLast((message) => message.pinned);
  at('pinned').hidden = !pinned;
  if (!pinned) return;
  at('pinned-text').textContent = pinned.text.split('\n')[0] || say('photo');
  at('pinned').onclick = () => actions.jump(pinned.id);
}

function isAtEnd() {
  return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

function scrollToEnd() {
  list.scrollTop = list.scrollHeight;
  at('down').classList.remove('news');
}

list.addEventListener('scroll', () => {
  const atEnd = isAtEnd();
  at('down').hidden = atEnd;
  if (atEnd) at('down').classList.remove('news');
});
at('down').addEventListener('click', scrollToEnd);

let actionTimer = 0;

function showAction(action) {
  clearTimeout(actionTimer);
  at('status').textContent = (action && say(action)) || say('bot');
  at('status').classList.toggle('active', Boolean(action && say(action)));
  // As long as Telegram shows it.
  if (action) actionTimer = setTimeout(showAction, 5000, null);
}

function showNetwork(online) {
  at('network').dataset.text = online ? 'online' : 'offline';
  at('network').textContent = say(at('network').dataset.text);
  at('network').classList.toggle('off', !online);
}

// --- Typing, commands, answers

at('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  send(input.value);
  input.value = '';
  input.focus();
});
at('start').addEventListener('click', () => send('/start'));

function showMenu() {
  at('menu').hidden = commands.length === 0;
  at('commands').replaceChildren(
    ...commands.map(({ command, description }) => {
      const name = create('b', {}, `/${command}`);
      const item = create('button', { type: 'button', className: 'item' }, create('span', {}, description), name);
      item.addEventListener('click', () => send(`/${command}`));
      return item;
    }),
  );
}

function closeMenu() {
  at('commands').hidden = true;
  at('menu').setAttribute('aria-expanded', 'false');
}

at('menu').addEventListener('click', () => {
  at('commands').hidden = !at('commands').hidden;
  at('menu').setAttribute('aria-expanded', String(!at('commands').hidden));
});

let toastTimer = 0;

function toast(text) {
  clearTimeout(toastTimer);
  at('toast').textContent = text;
  at('toast').hidden = false;
  toastTimer = setTimeout(() => {
    at('toast').hidden = true;
  }, 3000);
}

function showAlert(text) {
  at('alert-text').textContent = text;
  at('alert').showModal();
}

at('alert-ok').addEventListener('click', () => at('alert').close());
at('lightbox').addEventListener('click', () => at('lightbox').close());

// --- The panel

function showControls() {
  at('controls').replaceChildren(
    ...controls.map((control) => {
      const result = create('output', { className: 'result' }, results.get(control.id) ?? '');
      const label = create('span', { className: 'label' }, pick(control.label));
      const hint = create('span', { className: 'hint' }, pick(control.hint));
      const button = create('button', { type: 'button', className: 'control' }, icon('bolt'), label, hint);
      button.addEventListener('click', () => runControl(control, button, result));
      return create('div', {}, button, result);
    }),
  );
}

async function runControl(control, button, result) {
  button.disabled = true;
  result.textContent = '…';
  const said = await post(`/control/${control.id}`).catch((error) => ({
    result: `${say('failed')}: ${error.message}`,
  }));
  results.set(control.id, said.result);
  result.textContent = said.result;
  button.disabled = false;
}

function openPanel(open) {
  document.body.classList.toggle('panel-open', open);
}

at('open-panel').addEventListener('click', () => openPanel(true));
at('close-panel').addEventListener('click', () => openPanel(false));
at('shade').addEventListener('click', () => openPanel(false));

for (const choice of document.querySelectorAll('[data-language]')) {
  choice.addEventListener('click', () => post('/language', { code: choice.dataset.language }));
}

/** Draws everything in a language. */
function speak(language) {
  setLanguage(language);
  for (const choice of document.querySelectorAll('[data-language]')) {
    choice.setAttribute('aria-pressed', String(choice.dataset.language === language));
  }
  document.title = at('bot-name').textContent;
  showAction(null);
  showMenu();
  showControls();
  showAll();
  scrollToEnd();
}
