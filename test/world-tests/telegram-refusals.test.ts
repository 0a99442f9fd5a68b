import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTelegram, type TelegramWorld } from '../world/telegram/server.ts';
import { call, form, messageId, png, token } from './bare-client.ts';

const vera = 101;
const stranger = 102;
const blocker = 103;
const gone = 104;
const kickedGroup = -501;
const leftSuper = -1_000_000_000_601;
const kickedSuper = -1_000_000_000_602;
const forum = -1_000_000_000_603;
const plainGroup = -502;

let now = 1_800_000_000_000;
let world: TelegramWorld;
let text: number;
let photo: number;
let fromVera: number;
let old: number;
let withReplyKeyboard: number;
let photoFile: string;

before(async () => {
  world = await startTelegram({ token, clock: () => now });
  const user = world.user({ id: vera });
  fromVera = user.start().id;
  world.user({ id: stranger });
  const angry = world.user({ id: blocker });
  angry.start();
  angry.blocks();
  const left = world.user({ id: gone });
  left.start();
  left.deletesAccount();
  world.group({ id: kickedGroup, title: 'g', members: [user], botStatus: 'kicked' });
  world.group({ id: leftSuper, title: 'g', members: [user], botStatus: 'left' });
  world.group({ id: kickedSuper, title: 'g', members: [user], botStatus: 'kicked' });
  world.group({ id: forum, title: 'g', members: [user], topics: [{ id: 5, name: 'Alerts' }] });
  world.group({ id: plainGroup, title: 'g', members: [user] });
  old = messageId(await call(world, 'sendMessage', { chat_id: vera, text: 'old' }));
  now += 49 * 3_600_000;
  text = messageId(
    await call(world, 'sendMessage', {
      chat_id: vera,
      text: '<b>hello</b>',
      parse_mode: 'HTML',
      reply_markup: { inline_keyboard: [[{ text: 'A', callback_data: 'a' }]] },
    }),
  );
  photo = messageId(
    await call(world, 'sendPhoto', form({ chat_id: String(vera), photo: png(100, 100), caption: 'c' })),
  );
  photoFile = world.user({ id: vera }).last()?.photo?.fileId ?? '';
  withReplyKeyboard = messageId(
    await call(world, 'sendMessage', { chat_id: vera, text: 'k', reply_markup: { keyboard: [[{ text: 'yes' }]] } }),
  );
});
after(() => world.stop());

/** A call that must be refused; a function where the ids are known only later. */
type Row = readonly [
  title: string,
  method: string,
  body: () => Readonly<Record<string, unknown>> | FormData,
  code: number,
  description: string,
];

const button = (fields: Readonly<Record<string, unknown>>) => ({ inline_keyboard: [[fields]] });
const say = (fields: Readonly<Record<string, unknown>>) => () => ({ chat_id: vera, text: 'x', ...fields });
const html = (source: string) => say({ text: source, parse_mode: 'HTML' });
const cannotParse = "Bad Request: can't parse entities: ";
const notModified =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

const rows: readonly Row[] = [
  ['unknown method', 'sendNothing', () => ({}), 404, 'Not Found: method not found'],
  ['no chat', 'sendMessage', () => ({ text: 'x' }), 400, 'Bad Request: chat_id is empty'],
  ['unknown chat', 'sendMessage', say({ chat_id: 999 }), 400, 'Bad Request: chat not found'],
  ['no text', 'sendMessage', () => ({ chat_id: vera }), 400, 'Bad Request: message text is empty'],
  ['only spaces', 'sendMessage', say({ text: ' \n ' }), 400, 'Bad Request: text must be non-empty'],
  ['source over 32768 bytes', 'sendMessage', say({ text: 'я'.repeat(16_385) }), 400, 'Bad Request: text is too long'],
  ['over 4096 code points', 'sendMessage', say({ text: 'a'.repeat(4097) }), 400, 'Bad Request: message is too long'],
  ['bad parse mode', 'sendMessage', say({ parse_mode: 'BBCode' }), 400, 'Bad Request: unsupported parse_mode'],
  ['bad html', 'sendMessage', html('<b>oops'), 400, `${cannotParse}Can't find end tag corresponding to start tag "b"`],
  [
    'never started',
    'sendMessage',
    say({ chat_id: stranger }),
    403,
    "Forbidden: bot can't initiate conversation with a user",
  ],
  ['never started, asked about', 'getChat', () => ({ chat_id: stranger }), 400, 'Bad Request: chat not found'],
  ['blocked', 'sendMessage', say({ chat_id: blocker }), 403, 'Forbidden: bot was blocked by the user'],
  ['user deleted', 'sendMessage', say({ chat_id: gone }), 403, 'Forbidden: user is deactivated'],
  ['kicked, group', 'sendMessage', say({ chat_id: kickedGroup }), 403, 'Forbidden: bot was kicked from the group chat'],
  [
    'kicked, supergroup',
    'sendMessage',
    say({ chat_id: kickedSuper }),
    403,
    'Forbidden: bot was kicked from the supergroup chat',
  ],
  [
    'left, supergroup',
    'sendMessage',
    say({ chat_id: leftSuper }),
    403,
    'Forbidden: bot is not a member of the supergroup chat',
  ],
  [
    'unknown topic',
    'sendMessage',
    say({ chat_id: forum, message_thread_id: 6 }),
    400,
    'Bad Request: message thread not found',
  ],
  [
    'topic in a private chat',
    'sendMessage',
    say({ message_thread_id: 5 }),
    400,
    'Bad Request: message thread not found',
  ],
  [
    'reply to nothing',
    'sendMessage',
    say({ reply_parameters: { message_id: 9999 } }),
    400,
    'Bad Request: message to be replied not found',
  ],
  [
    'reply parameters not JSON',
    'sendMessage',
    say({ reply_parameters: '{' }),
    400,
    "Bad Request: can't parse reply parameters JSON object",
  ],
  [
    'link preview not an object',
    'sendMessage',
    say({ link_preview_options: '[]' }),
    400,
    'Bad Request: object expected as link preview options',
  ],
  [
    'markup not JSON',
    'sendMessage',
    say({ reply_markup: '{' }),
    400,
    "Bad Request: can't parse reply keyboard markup JSON object",
  ],
  [
    'markup not an object',
    'sendMessage',
    say({ reply_markup: '[]' }),
    400,
    'Bad Request: object expected as reply markup',
  ],
  [
    'keyboard of no rows',
    'sendMessage',
    say({ reply_markup: { inline_keyboard: [{}] } }),
    400,
    'Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
  ],
  [
    'empty callback data',
    'sendMessage',
    say({ reply_markup: button({ text: 'A', callback_data: '' }) }),
    400,
    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  ],
  [
    'no button text',
    'sendMessage',
    say({ reply_markup: button({ callback_data: 'a' }) }),
    400,
    'Bad Request: can\'t parse inline keyboard button: Can\'t find field "text"',
  ],
  [
    'callback data over 64 bytes',
    'sendMessage',
    say({ reply_markup: button({ text: 'A', callback_data: 'я'.repeat(33) }) }),
    400,
    'Bad Request: BUTTON_DATA_INVALID',
  ],
  [
    'local button url',
    'sendMessage',
    say({ reply_markup: button({ text: 'A', url: 'http://localhost/' }) }),
    400,
    "Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
  ],
  [
    'too many buttons',
    'sendMessage',
    say({ reply_markup: { inline_keyboard: Array.from({ length: 101 }, () => [{ text: 'A', callback_data: 'a' }]) } }),
    400,
    'Bad Request: reply markup is too long',
  ],
  [
    'entity out of the text',
    'sendMessage',
    say({ entities: [{ type: 'bold', offset: 0, length: 2 }] }),
    400,
    'Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2',
  ],
  [
    'entity cutting an emoji',
    'sendMessage',
    say({ text: '😀', entities: [{ type: 'bold', offset: 1, length: 1 }] }),
    400,
    'Bad Request: entity begins in a middle of a UTF-16 symbol at UTF-16 offset 1',
  ],
  [
    'entity of no type',
    'sendMessage',
    say({ entities: [{ type: 'loud', offset: 0, length: 1 }] }),
    400,
    "Bad Request: can't parse MessageEntity: Unsupported type specified",
  ],

  [
    'edit without ids',
    'editMessageText',
    () => ({ text: 'x' }),
    400,
    'Bad Request: message identifier is not specified',
  ],
  ['edit of nothing', 'editMessageText', say({ message_id: 9999 }), 400, 'Bad Request: message to edit not found'],
  [
    "edit of another's",
    'editMessageText',
    () => ({ chat_id: vera, message_id: fromVera, text: 'x' }),
    400,
    "Bad Request: message can't be edited",
  ],
  [
    'edit under a reply keyboard',
    'editMessageText',
    () => ({ chat_id: vera, message_id: withReplyKeyboard, text: 'x' }),
    400,
    "Bad Request: message can't be edited",
  ],
  [
    'edit with the same',
    'editMessageText',
    () => ({
      chat_id: vera,
      message_id: text,
      text: '<b>hello</b>',
      parse_mode: 'HTML',
      reply_markup: button({ text: 'A', callback_data: 'a' }),
    }),
    400,
    notModified,
  ],
  [
    'edit with the same keyboard',
    'editMessageReplyMarkup',
    () => ({ chat_id: vera, message_id: text, reply_markup: button({ text: 'A', callback_data: 'a' }) }),
    400,
    notModified,
  ],
  [
    'edit with a reply keyboard',
    'editMessageReplyMarkup',
    () => ({ chat_id: vera, message_id: text, reply_markup: { keyboard: [[{ text: 'yes' }]] } }),
    400,
    'Bad Request: inline keyboard expected',
  ],
  [
    'text edit of a photo',
    'editMessageText',
    () => ({ chat_id: vera, message_id: photo, text: 'x' }),
    400,
    'Bad Request: there is no text in the message to edit',
  ],
  [
    'caption edit of a text',
    'editMessageCaption',
    () => ({ chat_id: vera, message_id: text, caption: 'x' }),
    400,
    'Bad Request: there is no caption in the message to edit',
  ],
  [
    'edit over 4096',
    'editMessageText',
    () => ({ chat_id: vera, message_id: text, text: 'a'.repeat(4097) }),
    400,
    'Bad Request: message is too long',
  ],

  [
    'delete without chat',
    'deleteMessage',
    () => ({ message_id: 1 }),
    400,
    'Bad Request: chat identifier is not specified',
  ],
  [
    'delete without message',
    'deleteMessage',
    () => ({ chat_id: vera }),
    400,
    'Bad Request: message identifier is not specified',
  ],
  [
    'delete of nothing',
    'deleteMessage',
    () => ({ chat_id: vera, message_id: 9999 }),
    400,
    'Bad Request: message to delete not found',
  ],
  [
    'delete after 48 h',
    'deleteMessage',
    () => ({ chat_id: vera, message_id: old }),
    400,
    "Bad Request: message can't be deleted for everyone",
  ],
  [
    'pin of nothing',
    'pinChatMessage',
    () => ({ chat_id: vera, message_id: 9999 }),
    400,
    'Bad Request: message to pin not found',
  ],
  [
    'unpin with nothing pinned',
    'unpinChatMessage',
    () => ({ chat_id: vera }),
    400,
    'Bad Request: message to unpin not found',
  ],

  [
    'unknown callback query',
    'answerCallbackQuery',
    () => ({ callback_query_id: '1' }),
    400,
    'Bad Request: query is too old and response timeout expired or query ID is invalid',
  ],
  [
    'unknown chat action',
    'sendChatAction',
    () => ({ chat_id: vera, action: 'dance' }),
    400,
    'Bad Request: wrong parameter action in request',
  ],

  ['no photo', 'sendPhoto', () => ({ chat_id: vera }), 400, 'Bad Request: there is no photo in the request'],
  ['no document', 'sendDocument', () => ({ chat_id: vera }), 400, 'Bad Request: there is no document in the request'],
  [
    'photo by an unknown id',
    'sendPhoto',
    () => ({ chat_id: vera, photo: 'AgAC' }),
    400,
    'Bad Request: wrong file identifier/HTTP URL specified',
  ],
  [
    'photo as document',
    'sendDocument',
    () => ({ chat_id: vera, document: photoFile }),
    400,
    "Bad Request: can't use file of type Photo as Document",
  ],
  [
    'photo too wide',
    'sendPhoto',
    () => form({ chat_id: String(vera), photo: png(2100, 100) }),
    400,
    'Bad Request: PHOTO_INVALID_DIMENSIONS',
  ],
  [
    'photo too large',
    'sendPhoto',
    () => form({ chat_id: String(vera), photo: png(6000, 4001) }),
    400,
    'Bad Request: PHOTO_INVALID_DIMENSIONS',
  ],
  [
    'photo over 10 MB',
    'sendPhoto',
    () => form({ chat_id: String(vera), photo: png(100, 100, 10_485_761) }),
    400,
    'Bad Request: file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes',
  ],
  [
    'photo that is none',
    'sendPhoto',
    () => form({ chat_id: String(vera), photo: Buffer.from('no picture') }),
    400,
    'Bad Request: IMAGE_PROCESS_FAILED',
  ],
  [
    'empty file',
    'sendDocument',
    () => form({ chat_id: String(vera), document: Buffer.alloc(0) }),
    400,
    'Bad Request: file must be non-empty',
  ],
  [
    'upload over 50 MB',
    'sendDocument',
    () => form({ chat_id: String(vera), document: Buffer.alloc(52_428_801) }),
    413,
    'Request Entity Too Large',
  ],
  [
    'caption over 1024',
    'sendPhoto',
    () => form({ chat_id: String(vera), photo: png(9, 9), caption: 'a'.repeat(1025) }),
    400,
    'Bad Request: message caption is too long',
  ],
  ['file nobody sent', 'getFile', () => ({ file_id: 'x' }), 400, 'Bad Request: invalid file_id'],

  [
    'commands not JSON',
    'setMyCommands',
    () => ({ commands: '[' }),
    400,
    "Bad Request: can't parse commands JSON object",
  ],
  [
    'command name too long',
    'setMyCommands',
    () => ({ commands: [{ command: 'a'.repeat(33), description: 'x' }] }),
    400,
    'Bad Request: command length must not exceed 32',
  ],
  [
    'command in capitals',
    'setMyCommands',
    () => ({ commands: [{ command: 'Start', description: 'x' }] }),
    400,
    'Bad Request: BOT_COMMAND_INVALID',
  ],
  [
    'command without description',
    'setMyCommands',
    () => ({ commands: [{ command: 'a', description: '' }] }),
    400,
    'Bad Request: command description must be non-empty',
  ],
  [
    'command scope of no kind',
    'setMyCommands',
    () => ({ commands: [], scope: { type: 'moon' } }),
    400,
    "Bad Request: can't parse BotCommandScope: Unsupported type specified",
  ],
  [
    'command scope of an unknown chat',
    'setMyCommands',
    () => ({ commands: [], scope: { type: 'chat', chat_id: stranger } }),
    400,
    'Bad Request: chat not found',
  ],
  ['close just after the start', 'close', () => ({}), 429, 'Too Many Requests: retry after 600'],
];

describe('what Telegram refuses', () => {
  for (const [title, method, body, code, description] of rows) {
    it(`${title}: ${description}`, async () => {
      const before = world.user({ id: vera }).messages();
      now = 1_800_000_000_000 + (method === 'close' ? 0 : 49 * 3_600_000);
      const reply = await call(world, method, body());
      assert.equal(reply.ok, false);
      assert.equal(reply.status, code);
      assert.equal(reply.error_code, code);
      assert.equal(reply.description, description);
      assert.deepEqual(world.user({ id: vera }).messages(), before, 'a refused call changes nothing');
    });
  }

  const addresses: readonly [string, number, string][] = [
    ['/bot7001:wrong/getMe', 401, 'Unauthorized'],
    ['/botnonsense/getMe', 401, 'Unauthorized: invalid token specified'],
    ['/bot0123:abc/getMe', 401, 'Unauthorized: invalid token specified'],
    [`/bot7001:${'x'.repeat(80)}/getMe`, 401, 'Unauthorized: invalid token specified'],
    ['/', 404, 'Not Found'],
    ['/file/bot7001:wrong/photos/x', 401, 'Unauthorized'],
  ];
  for (const [path, code, description] of addresses) {
    it(`${path}: ${code} ${description}`, async () => {
      const response = await fetch(world.apiRoot + path);
      assert.equal(response.status, code);
      assert.deepEqual(await response.json(), { ok: false, error_code: code, description });
    });
  }

  it('tells the new id of a group that became a supergroup', async () => {
    const group = world.group({ id: -700, title: 'Ops', members: [world.user({ id: vera })] });
    const { id } = group.migrate();
    const reply = await call(world, 'sendMessage', { chat_id: -700, text: 'x' });
    assert.equal(reply.status, 400);
    assert.equal(reply.description, 'Bad Request: group chat was upgraded to a supergroup chat');
    assert.deepEqual(reply.parameters, { migrate_to_chat_id: id });
    assert.ok((await call(world, 'sendMessage', { chat_id: id, text: 'x' })).ok);
  });

  it('refuses an answer that comes after 15 s of the world clock', async () => {
    const user = world.user({ id: vera });
    for (const [wait, ok] of [
      [14_000, true],
      [16_000, false],
    ] as const) {
      void user.taps(text, 'A');
      const id = queryId(world);
      now += wait;
      const reply = await call(world, 'answerCallbackQuery', { callback_query_id: id });
      assert.equal(reply.ok, ok);
    }
  });

  it('refuses a callback answer over 200 characters, and takes the next one', async () => {
    const answer = world.user({ id: vera }).taps(text, 'A');
    const id = queryId(world);
    const reply = await call(world, 'answerCallbackQuery', { callback_query_id: id, text: 'a'.repeat(201) });
    assert.equal(reply.description, 'Bad Request: MESSAGE_TOO_LONG');
    await call(world, 'answerCallbackQuery', { callback_query_id: id, text: '😀'.repeat(200) });
    assert.equal((await answer)?.text, '😀'.repeat(200));
  });

  it('refuses pins and deletions of others where the bot is no administrator', async () => {
    const user = world.user({ id: vera });
    const group = world.group({ id: -703, title: 'Ops', members: [user] });
    const theirs = group.sends(user, 'hello').id;
    const own = messageId(await call(world, 'sendMessage', { chat_id: -703, text: 'x' }));
    const refused = await call(world, 'deleteMessage', { chat_id: -703, message_id: theirs });
    assert.equal(refused.description, "Bad Request: message can't be deleted");
    const pin = await call(world, 'pinChatMessage', { chat_id: -703, message_id: own });
    assert.equal(pin.description, 'Bad Request: not enough rights to manage pinned messages in the chat');
    group.setBot(user, 'administrator');
    assert.ok((await call(world, 'pinChatMessage', { chat_id: -703, message_id: own })).ok);
    assert.ok((await call(world, 'deleteMessage', { chat_id: -703, message_id: theirs })).ok);
  });

  it('keeps files over 20 MB from getFile', async () => {
    const sent = await call(
      world,
      'sendDocument',
      form({ chat_id: String(vera), document: Buffer.alloc(20_971_521, 1) }),
    );
    messageId(sent);
    const id = world.user({ id: vera }).last()?.document?.fileId;
    const reply = await call(world, 'getFile', { file_id: id });
    assert.equal(reply.description, 'Bad Request: file is too big');
  });
});

function queryId(of: TelegramWorld): string {
  const query = of.pendingUpdates.at(-1)?.callback_query;
  assert.ok(query && typeof query === 'object' && 'id' in query);
  return String(query.id);
}
