import * as z from 'zod';
import { nodePlots, panelPlots } from '../core/panel-picture.ts';
import { rangeNames } from '../core/picture.ts';
import { lengths } from './mute-lengths.ts';

/**
 * What our own inline buttons say when pressed: `<kind>:<argument>:…`. No `/` in it, so that it can never be taken for
 * a button of a menu. Whatever arrives is untrusted: an old message may carry the data of an older version.
 */
const verb = z.enum(['start', 'stop', 'restart']);

/** As in the configuration; `:` and `/` stay out. */
const service = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/);

/** A service, or `*` for all of them. */
const target = z.union([service, z.literal('*')]);

const nonce = z.string().regex(/^[\w-]{8,16}$/);

const id = z
  .string()
  .regex(/^\d{1,10}$/)
  .transform(Number);

/** Counted from 0. */
const page = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);

const length = z.enum(lengths);

/** What can be done to a user of a panel; the numbers are days. */
export const userChanges = ['enable', 'disable', 'reset-traffic', 'extend-7', 'extend-30', 'extend-90'] as const;

/** A panel (see panel-handle.ts), a node as the panel numbers it. */
const panel = z.string().regex(/^[\w-]{8}$/);
const node = z.string().regex(/^[\w.-]{1,20}$/);

const flag = z.enum(['yes', 'no']);
/** A Redis or a PostgreSQL (see panel-handle.ts), and the parts of their screens. */
const store = z.string().regex(/^[\w-]{8}$/);
export const redisParts = ['overview', 'keys', 'slow'] as const;
export const databaseParts = ['overview', 'sessions', 'queries', 'tables', 'wal', 'statements'] as const;

const range = z.enum(rangeNames);

/** The code of a series, or the word for the usual ones. */
const which = z.string().regex(/^[\w-]{1,8}$/);

const said = <const Kind extends string>(kind: Kind) => ({ kind: z.literal(kind) });

/** The arguments stand in the text in the order of the keys. */
const forms = [
  /** Asks for a confirmation (or starts) in a new message, since the alert stays as it is. */
  z.object({ ...said('act'), verb, service }),
  /** The last lines in a new message. */
  z.object({ ...said('logs'), service }),
  /** Turns this message into the service's screen. */
  z.object({ ...said('open'), service }),
  /** The answers to a confirmation; `first`: after what the service needs. */
  z.object({ ...said('yes'), nonce, service }),
  z.object({ ...said('first'), nonce, service }),
  z.object({ ...said('no'), nonce, service }),
  /** All services at once: the question, its answers. */
  z.object({ ...said('all-do'), verb }),
  z.object({ ...said('all-yes'), nonce }),
  z.object({ ...said('all-no'), nonce }),
  /** The configuration: what would change, what is to be done beside, the answers. */
  z.object({ ...said('reload') }),
  z.object({ ...said('reload-set'), nonce, restart: flag, stop: flag }),
  z.object({ ...said('reload-yes'), nonce, restart: flag, stop: flag }),
  z.object({ ...said('reload-no'), nonce }),
  z.object({ ...said('settings') }),
  /** The list of services: in a new message, or in place of this one. */
  z.object({ ...said('menu') }),
  z.object({ ...said('home') }),
  /** Ends the question of the log search. */
  z.object({ ...said('leave') }),
  /** Under the alert of one incident: take it on, mute its service, end what mutes it. */
  z.object({ ...said('ack'), incident: id }),
  z.object({ ...said('mute'), length, incident: id }),
  z.object({ ...said('unmute'), mute: id, incident: id }),
  /** Under an alert of several: which ones, is looked up by the message. */
  z.object({ ...said('ack-all') }),
  z.object({ ...said('mute-all'), length }),
  z.object({ ...said('unmute-all') }),
  /** The alerts in a new message; `alerts`, `alert`, `mutes` and `audit` turn the message into that screen. */
  z.object({ ...said('show-alerts') }),
  z.object({ ...said('alerts'), page }),
  z.object({ ...said('alert'), incident: id, page }),
  z.object({ ...said('audit'), page }),
  z.object({ ...said('mutes'), target }),
  /** On the screen of mutes: begin one, end one. */
  z.object({ ...said('hush'), as: z.enum(['mute', 'maintenance']), length, target }),
  z.object({ ...said('lift'), mute: id, target }),
  /** The panels in place of this message; one in a new message; one with a page of its nodes; a node; what to do to it. */
  z.object({ ...said('panels') }),
  z.object({ ...said('show-panel'), panel }),
  z.object({ ...said('panel'), panel, page }),
  z.object({ ...said('node'), panel, node, page }),
  z.object({ ...said('node-do'), action: z.enum(['reconnect-node', 'enable-node', 'disable-node']), panel, node }),
  z.object({ ...said('core-do'), panel }),
  /** Restarts what the panel runs as; switches its automatic reconnects. */
  z.object({ ...said('host-do'), panel }),
  /** The same under an alert, which stays as it is. */
  z.object({ ...said('panel-fix'), panel }),
  z.object({ ...said('reconnects'), as: z.enum(['on', 'off']), panel }),
  /** Asks for a user's name; a user that was found (a question in memory knows whom); a change to that user. */
  z.object({ ...said('find-user'), panel }),
  z.object({ ...said('user'), found: nonce }),
  z.object({ ...said('user-do'), change: z.enum(userChanges), found: nonce }),
  /** The two answers to a question about a panel. */
  z.object({ ...said('panel-yes'), nonce }),
  z.object({ ...said('panel-no'), nonce }),
  /** Under a picture of a panel or of a node: turns it into another. From their screens: sends the first. */
  z.object({ ...said('panel-plot'), range, plot: z.enum(panelPlots), panel }),
  z.object({ ...said('node-plot'), range, plot: z.enum(nodePlots), panel, node }),
  z.object({ ...said('panel-chart'), panel }),
  z.object({ ...said('node-chart'), panel, node }),
  /** The Redis instances, the databases; a part of the screen of one of them; the shop's figures. */
  z.object({ ...said('redises') }),
  z.object({ ...said('redis'), part: z.enum(redisParts), store }),
  z.object({ ...said('databases') }),
  z.object({ ...said('db'), part: z.enum(databaseParts), store }),
  z.object({ ...said('shop') }),
  /** Who uses the machine that this service stands for. */
  z.object({ ...said('top'), service }),
  /** Clearing a cache: asks for a pattern; one of those that were offered; the answers to the question; the end of it. */
  z.object({ ...said('clear'), store }),
  z.object({ ...said('clear-pick'), offer: nonce, row: page }),
  z.object({ ...said('clear-yes'), nonce }),
  z.object({ ...said('clear-type'), nonce }),
  z.object({ ...said('clear-no'), nonce }),
  z.object({ ...said('clear-stop'), run: nonce }),
  /** A picture of a service in a new message: of the usual numbers, of a certain one. */
  z.object({ ...said('chart'), service }),
  z.object({ ...said('draw'), which, service }),
  /** Under a picture: turn it into another, offer other numbers. */
  z.object({ ...said('plot'), range, which, target }),
  z.object({ ...said('numbers'), range, page, target }),
] as const;

const schema = z.discriminatedUnion('kind', forms);

export type CallbackData = z.output<typeof schema>;

/** Telegram's limit for `callback_data`, in bytes of UTF-8. */
export const maxBytes = 64;

function argumentsOf(kind: string): readonly string[] | null {
  const form = forms.find(({ shape }) => shape.kind.value === kind);
  return form === undefined ? null : Object.keys(form.shape).filter((key) => key !== 'kind');
}

/** Throws on data that would not come back as it went: a mistake of ours, not of a person. */
export function encode(data: CallbackData): string {
  const values: Readonly<Record<string, unknown>> = data;
  const text = [data.kind, ...(argumentsOf(data.kind) ?? []).map((key) => String(values[key]))].join(':');
  if (decode(text) === null || Buffer.byteLength(text) > maxBytes) throw new Error(`Not fit for a button: ${text}`);
  return text;
}

/** null: not ours, or of a version that said it differently. */
export function decode(text: string): CallbackData | null {
  const [kind = '', ...values] = text.split(':');
  const keys = argumentsOf(kind);
  if (keys === null || keys.length !== values.length) return null;
  const data = Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  return schema.safeParse({ ...data, kind }).data ?? null;
}
