import * as asking from './asking.ts';
import * as editing from './editing.ts';
import type { Method } from './method.ts';
import * as sending from './sending.ts';

const {
  answerCallbackQuery,
  close,
  deleteMyCommands,
  deleteWebhook,
  getChat,
  getFile,
  getMe,
  getMyCommands,
  getUpdates,
  getWebhookInfo,
  logOut,
  sendChatAction,
  setMyCommands,
  setWebhook,
} = asking;
const { deleteMessage, editMessageCaption, editMessageMedia, editMessageReplyMarkup, editMessageText } = editing;
const { pinChatMessage, unpinChatMessage } = editing;
const { sendDocument, sendMessage, sendPhoto } = sending;

/** Every method this Telegram knows. */
const methods: Readonly<Record<string, Method>> = {
  answerCallbackQuery,
  close,
  deleteMessage,
  deleteMyCommands,
  deleteWebhook,
  editMessageCaption,
  editMessageMedia,
  editMessageReplyMarkup,
  editMessageText,
  getChat,
  getFile,
  getMe,
  getMyCommands,
  getUpdates,
  getWebhookInfo,
  logOut,
  pinChatMessage,
  sendChatAction,
  sendDocument,
  sendMessage,
  sendPhoto,
  setMyCommands,
  setWebhook,
  unpinChatMessage,
};

const byLowerCase = new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), { name, method }]));

/** Names are case-insensitive; null for a method the server does not know. */
export function findMethod(name: string): { name: string; method: Method } | null {
  return byLowerCase.get(name.toLowerCase()) ?? null;
}
