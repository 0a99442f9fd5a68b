import { Api } from 'grammy';
import type { Config } from '../../config/schema.ts';
import type { Finding } from '../../core/finding.ts';
import type { Reason } from '../../core/reason.ts';
import type { TelegramView } from '../../core/snapshot.ts';
import { createClient } from '../../telegram/client.ts';
import { classify, type Failure, reasonOf } from '../../telegram/errors.ts';
import { findings } from './findings.ts';

/** One request, its connection included, ms. */
const WITHIN = 12_000;
/** Somebody else's poll comes again within this, s. */
export const LISTEN_S = 3;

type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

async function ask<T>(call: Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    const failure = classify(error);
    if (failure === null) throw error;
    return { ok: false, failure };
  }
}

/** Whether the bot can be heard and its people written to. `manager`: how a running one says it is with Telegram. */
export async function examineTelegram(
  { telegram, admins }: Pick<Config, 'telegram' | 'admins'>,
  manager: Pick<TelegramView, 'state' | 'reason'> | null,
  listen: number,
): Promise<readonly Finding[]> {
  const { ok, note, because } = findings('telegram');
  const client = createClient({ apiRoot: telegram.api_root, proxy: telegram.proxy }, WITHIN);
  const api = new Api(telegram.token, client.options);
  try {
    const me = await ask(api.getMe());
    if (!me.ok) return [because('wrong', reasonOf(me.failure), adviceFor(me.failure, telegram.proxy !== null))];
    const found: Finding[] = [ok('telegram', { bot: `@${me.value.username}` })];
    const hook = await ask(api.getWebhookInfo());
    if (hook.ok && hook.value.url !== undefined && hook.value.url !== '')
      found.push(note('webhook', { host: hostOf(hook.value.url) }, 'own-bot'));
    else found.push(await listener(api, manager, listen));
    return [...found, ...(await examinePeople(api, telegram.alert_chat, admins))];
  } finally {
    client.hangUp();
  }
}

/** To ask for updates would take them from a manager that runs; where none does, a second poller gives itself away. */
async function listener(
  api: Api,
  manager: Pick<TelegramView, 'state' | 'reason'> | null,
  listen: number,
): Promise<Finding> {
  const { ok, because, note } = findings('telegram');
  if (manager !== null) {
    if (manager.state === 'polling') return ok('poller-ours');
    const what: Reason = manager.reason ?? { code: 'telegram-no-answer', args: { detail: manager.state } };
    return because('wrong', what, manager.state === 'conflict' ? 'own-bot' : null);
  }
  // Without an offset nothing counts as read.
  const heard = await ask(api.getUpdates({ limit: 1, timeout: listen }));
  if (heard.ok) return ok('poller-none');
  if (heard.failure.kind === 'conflict') return because('wrong', reasonOf(heard.failure), 'own-bot');
  return note('poller-unknown');
}

function adviceFor(failure: Failure, proxied: boolean): string | null {
  if (failure.kind === 'unauthorized') return 'token';
  if (failure.kind === 'network') return proxied ? 'proxy' : 'network';
  return null;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '?';
}

/** Telegram lets no bot write first. */
async function examinePeople(api: Api, group: number | null, admins: Config['admins']): Promise<readonly Finding[]> {
  const { ok, note, wrong, because } = findings('admins');
  const found: Finding[] = [];
  let reached = 0;
  for (const { id, name } of admins) {
    const chat = await ask(api.getChat(id));
    const who = { who: name === null ? String(id) : `${name} (${id})` };
    if (chat.ok) reached += 1;
    else if (chat.failure.kind === 'recipient-gone') found.push(note('admin-silent', who, 'start'));
    else found.push(because('note', reasonOf(chat.failure)));
  }
  if (reached === 0) found.unshift(wrong('admins-none', {}, 'start'));
  else found.unshift(ok('admins', { reached, all: admins.length }));
  if (group !== null) {
    const chat = await ask(api.getChat(group));
    if (chat.ok) found.push(ok('group', { title: chat.value.title ?? String(group) }));
    else found.push(because('wrong', reasonOf(chat.failure), 'group'));
  }
  return found;
}
