/** The page's own words. What the bot says comes from the bot. */
const texts = {
  en: {
    bot: 'bot',
    menu: 'Menu',
    message: 'Message',
    start: 'START',
    send: 'Send',
    edited: 'edited',
    silent: 'without sound',
    pinned: 'Pinned message',
    today: 'Today',
    deleted: 'Deleted message',
    photo: 'Photo',
    down: 'To the newest message',
    close: 'Close',
    copied: 'Copied',
    noAnswer: 'The bot did not answer',
    breakThings: 'Break things',
    breakHint: 'The services are real processes. Break one and watch the chat.',
    language: 'Language of your Telegram',
    empty: 'No messages here yet. Press START.',
    stopped: 'The demo has stopped',
    offline: 'The bot cannot reach Telegram now',
    online: 'The bot can reach Telegram',
    typing: 'typing…',
    upload_photo: 'sending a photo…',
    upload_document: 'sending a file…',
    failed: 'It did not work',
  },
  ru: {
    bot: 'бот',
    menu: 'Меню',
    message: 'Сообщение',
    start: 'НАЧАТЬ',
    send: 'Отправить',
    edited: 'изменено',
    silent: 'без звука',
    pinned: 'Закреплённое сообщение',
    today: 'Сегодня',
    deleted: 'Удалённое сообщение',
    photo: 'Фото',
    down: 'К последнему сообщению',
    close: 'Закрыть',
    copied: 'Скопировано',
    noAnswer: 'Бот не ответил',
    breakThings: 'Сломать что-нибудь',
    breakHint: 'Сервисы — настоящие процессы. Сломайте один и смотрите в чат.',
    language: 'Язык вашего Telegram',
    empty: 'Сообщений пока нет. Нажмите «Начать».',
    stopped: 'Демонстрация остановлена',
    offline: 'Бот сейчас не видит Telegram',
    online: 'Бот видит Telegram',
    typing: 'печатает…',
    upload_photo: 'отправляет фото…',
    upload_document: 'отправляет файл…',
    failed: 'Не получилось',
  },
};

let language = 'en';

export function setLanguage(code) {
  language = code;
  document.documentElement.lang = code;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text);
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(element.dataset.label));
    if ('placeholder' in element) element.placeholder = say(element.dataset.label);
  }
}

export function say(key) {
  return texts[language][key] ?? texts.en[key] ?? '';
}

/** A text given once, or once per language. */
export function pick(text) {
  return typeof text === 'string' ? text : (text[language] ?? text.en);
}

export function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hour12: false });
}

export function day(seconds) {
  const date = new Date(seconds * 1000);
  if (date.toDateString() === new Date().toDateString()) return say('today');
  return date.toLocaleDateString(language, { day: 'numeric', month: 'long' });
}

export function fileSize(bytes) {
  const unit = bytes < 1024 ? 'byte' : bytes < 1024 * 1024 ? 'kilobyte' : 'megabyte';
  const value = bytes / { byte: 1, kilobyte: 1024, megabyte: 1024 * 1024 }[unit];
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
}
