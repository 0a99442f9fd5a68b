import { createHash } from 'node:crypto';
import type { DigestNotice } from '../core/digest.ts';
import { type GateView, gate, gateDigest, type NoticeKind, type Verdict } from '../core/gate.ts';
import type { Incident } from '../core/incident.ts';
import type { IncidentTable } from '../store/incidents.ts';
import type { OutboxRow, OutboxTable } from '../store/outbox.ts';
import { canEdit } from './channel.ts';
import type { Delivery, Destination, Message, Transport } from './transport.ts';

/** How late a message is when it says so, and whether an earlier copy of it may have arrived. */
export interface Lateness {
  readonly delayedBy: number | null;
  readonly repeat: boolean;
}

/** Turns what is to be told into a chat's language. */
export interface Renderer {
  /** One message about one incident or several, as they look now. */
  incidents(chat: string, incidents: readonly Incident[], late: Lateness): Message;
  /** The short reply that says it is over. */
  recovery(chat: string, incidents: readonly Incident[], late: Lateness): Message;
  /** A text of its own; `body` is the row's. */
  text(chat: string, body: string, late: Lateness): Message;
  /** The digest, as it looks now. */
  digest(chat: string, what: DigestNotice, late: Lateness): Message;
}

export interface TellerOptions {
  readonly table: OutboxTable;
  readonly incidents: IncidentTable;
  readonly transport: Transport;
  readonly render: Renderer;
  /** What the gate has to know of a chat at this moment, */
  readonly chatView: (chat: string) => Pick<GateView, 'timezone' | 'mutes' | 'level' | 'quiet'>;
  /** and of an incident. */
  readonly view: (incident: Incident) => Pick<GateView, 'flapping' | 'caused'>;
  /** What opens within this time (ms) of a message joins it. */
  readonly groupWindow: number;
  readonly clock: () => number;
}

/** Later than this and the message says how late it is. */
export const LATE_AFTER_MS = 10_000;
/** Incidents in one message: their names fit into Telegram's 4,096 characters. */
export const MAX_IN_MESSAGE = 80;

/** A chat's turn may come so much later (ms), when it has been written to a lot: a group takes 20 messages a minute. */
const JOIN_GRACE_MS = 10_000;

/** Up to so many incidents in one message, each end of one is answered on its own. */
const FEW = 3;

/** What waits for one chat about one incident, and what the gate says of it. */
interface Matter {
  readonly incident: Incident;
  readonly rows: readonly OutboxRow[];
  readonly verdict: Verdict;
  /** The message that shows it there. */
  readonly copy: number | null;
}

/** One thing to do for a chat: rows that are dealt with by it, and the doing. */
export interface Telling {
  readonly rows: readonly OutboxRow[];
  run(): Promise<Delivery>;
}

/**
 * Decides what a chat is told next: asks the gate about all that is due, lets go of what it drops or holds, and folds
 * the rest into as few messages as can be.
 */
export function createTeller(options: TellerOptions) {
  const { table, incidents, transport, render, view, groupWindow, clock } = options;

  /** The next telling, or null when nothing is due. */
  function next(chat: string): Telling | null {
    const due = table.due(chat, clock());
    const head = due[0];
    if (head === undefined) return null;
    const matters = sift(chat, due);
    const text = due.find((row) => row.incident === null && (row.digest === null || passes(chat, row, row.digest)));
    const first = matters[0];
    if (text !== undefined && (first === undefined || text.id < (first.rows[0]?.id ?? 0))) return tellText(chat, text);
    return first === undefined ? null : tellMatter(chat, first, matters);
  }

  /** Asks the gate; what is left has to be sent or edited, oldest first. */
  function sift(chat: string, due: readonly OutboxRow[]): readonly Matter[] {
    return judge(chat, due, (rows) => table.markDone(rows, 'dropped', 'incident-gone')).filter(({ rows, verdict }) => {
      if (verdict.verdict === 'drop') table.markDone(rows, 'dropped', verdict.why);
      else if (verdict.verdict === 'hold') table.hold(rows, verdict.until, verdict.why);
      else return true;
      return false;
    });
  }

  /** What the gate says of all that is due, oldest first; changes nothing. */
  function judge(
    chat: string,
    due: readonly OutboxRow[],
    unknown: (rows: readonly OutboxRow[]) => void,
  ): readonly Matter[] {
    const byIncident = new Map<number, OutboxRow[]>();
    for (const row of due) {
      if (row.incident === null) continue;
      const rows = byIncident.get(row.incident);
      if (rows) rows.push(row);
      else byIncident.set(row.incident, [row]);
    }
    const matters: Matter[] = [];
    for (const [id, rows] of byIncident) {
      const incident = incidents.get(id);
      if (incident === null) {
        unknown(rows);
        continue;
      }
      const copy = table.copy(id, chat);
      const held = rows.some((row) => row.held);
      const verdict = gate(
        rows.map((row) => kindOf(row, incident, copy?.sentAt ?? null)),
        incident,
        {
          ...options.chatView(chat),
          ...view(incident),
          now: clock(),
          shown: copy !== null,
          held,
        },
      );
      matters.push({ incident, rows, verdict, copy: copy?.message ?? null });
    }
    return matters;
  }

  function tellText(chat: string, row: OutboxRow): Telling {
    return {
      rows: [row],
      async run() {
        const late = lateness([row]);
        const message =
          row.digest === null ? render.text(chat, row.body ?? '', late) : render.digest(chat, row.digest, late);
        return post({ chat, topic: row.topic }, { ...message, silent: row.silent }, [row], []);
      },
    };
  }

  /** Asks the gate about a digest; sees to it when it is not to be sent now. */
  function passes(chat: string, row: OutboxRow, { level }: DigestNotice): boolean {
    const verdict = gateDigest(level, { ...options.chatView(chat), now: clock() });
    if (verdict.verdict === 'hold') table.hold([row], verdict.until, verdict.why);
    else if (verdict.verdict === 'drop') table.markDone([row], 'dropped', verdict.why);
    return verdict.verdict === 'send';
  }

  function tellMatter(chat: string, first: Matter, all: readonly Matter[]): Telling {
    if (needsMessage(first)) {
      const alone = standsAlone(first.incident);
      return tellAnew(chat, alone ? [first] : all.filter((each) => needsMessage(each) && !standsAlone(each.incident)));
    }
    return bringUpToDate(chat, first, all);
  }

  /** Openings, reminders and what got worse: one new message for all of them, or a place in the one just sent. */
  function tellAnew(chat: string, all: readonly Matter[]): Telling {
    const joined = all.every((matter) => matter.copy === null) ? messageToJoin(chat, all) : null;
    // A message is filled up before the next one begins.
    const matters = all.slice(0, joined?.room ?? MAX_IN_MESSAGE);
    const rows = matters.flatMap((matter) => matter.rows);
    const to: Destination = { chat, topic: rows[0]?.topic ?? null };
    const late = lateness(rows);
    const told = matters.map((matter) => matter.incident);
    return {
      rows,
      async run() {
        if (joined !== null) {
          const ids = table.incidentsIn(chat, joined.message);
          const edited = await transport.edit(
            to,
            joined.message,
            show(chat, [...ids.map(load), ...told], { ...late, repeat: false }),
          );
          // With the message's own time: what joins it does not keep it open for more.
          if (edited.outcome === 'sent') table.saveCopies(idsOf(told), chat, joined.message, joined.sentAt);
          if (edited.outcome !== 'message-gone') return edited;
          table.forgetMessage(chat, joined.message);
        }
        const silent = matters.every(({ verdict }) => verdict.verdict === 'send' && verdict.silent);
        const older = [...new Set(matters.flatMap(({ copy }) => copy ?? []))];
        const message = { ...show(chat, told, late), silent, replyTo: older.at(-1) ?? null };
        const sent = await post(to, message, rows, told);
        if (sent.outcome !== 'sent') return sent;
        table.saveCopies(idsOf(told), chat, sent.messageId, clock());
        for (const old of older) await leave(to, old, message);
        return sent;
      },
    };
  }

  /** Sends with what other channels than Telegram need: the data, and a key that is the same at each try. */
  function post(to: Destination, message: Message, rows: readonly OutboxRow[], about: readonly Incident[]) {
    return transport.send(to, { ...message, about, key: keyOf(rows) });
  }

  /** An older message whose incidents have moved on: it shows the ones that stayed, or has no buttons any more. */
  async function leave(to: Destination, old: number, moved: Message): Promise<void> {
    const stayed = table.incidentsIn(to.chat, old);
    const now = { delayedBy: null, repeat: false };
    await transport.edit(to, old, stayed.length > 0 ? show(to.chat, stayed.map(load), now) : { ...moved, buttons: [] });
  }

  /** An edit of the message that shows it, for all that it shows; and a reply when all of that is over. */
  function bringUpToDate(chat: string, first: Matter, all: readonly Matter[]): Telling {
    const message = first.copy ?? 0;
    const shown = table.incidentsIn(chat, message);
    const here = all.filter((matter) => matter.copy === message && !needsMessage(matter));
    const rows = here.flatMap((matter) => matter.rows);
    const to: Destination = { chat, topic: rows[0]?.topic ?? null };
    return {
      rows,
      async run() {
        const told = shown.map(load);
        const late = lateness(rows);
        const edited = await transport.edit(to, message, show(chat, told, { ...late, repeat: false }));
        if (edited.outcome === 'message-gone') {
          table.forgetMessage(chat, message);
          if (told.every((incident) => incident?.resolvedAt !== null)) return { outcome: 'sent', messageId: message };
          const sent = await post(to, show(chat, told, late), rows, told.flatMap(known));
          if (sent.outcome === 'sent') table.saveCopies(shown, chat, sent.messageId, clock());
          return sent;
        }
        const sends = here.filter(({ verdict }) => verdict.verdict === 'send');
        if (edited.outcome !== 'sent' || sends.length === 0) return edited;
        const all = told.flatMap(known);
        const stillOpen = all.some((incident) => incident.resolvedAt === null);
        // Of many that came together one answer at the end is enough; of a few each is worth its own.
        if (stillOpen && all.length > FEW) return edited;
        const over = stillOpen ? sends.map((matter) => matter.incident) : all;
        const silent = sends.every(({ verdict }) => verdict.verdict === 'send' && verdict.silent);
        return post(to, { ...render.recovery(chat, over, late), silent, replyTo: message }, rows, over);
      },
    };
  }

  /** The message that was sent a moment ago, if what opened since may stand in it without a sound of its own. */
  function messageToJoin(chat: string, matters: readonly Matter[]) {
    if (!canEdit(chat)) return null;
    const newest = table.newestCopy(chat);
    if (newest === null || clock() - newest.sentAt >= groupWindow + JOIN_GRACE_MS) return null;
    // What had to wait for its turn joins what it would have joined at once.
    const before = newest.sentAt + groupWindow;
    if (matters.some(({ rows }) => rows.some((row) => row.createdAt >= before))) return null;
    const loud = matters.some(({ incident }) => incident.level === 'critical' || incident.resolvedAt !== null);
    const shown = table.incidentsIn(chat, newest.message);
    const alone = [...matters.map(({ incident }) => incident), ...shown.flatMap((id) => known(load(id)))].some(
      standsAlone,
    );
    const room = MAX_IN_MESSAGE - shown.length;
    return loud || alone || room <= 0 ? null : { ...newest, room };
  }

  function show(chat: string, told: readonly (Incident | null)[], late: Lateness): Message {
    return render.incidents(chat, told.flatMap(known), late);
  }

  const load = (id: number): Incident | null => incidents.get(id);

  function lateness(rows: readonly OutboxRow[]): Lateness {
    const waited = rows.filter((row) => !row.held).map((row) => clock() - row.createdAt);
    const age = Math.max(0, ...waited);
    return { delayedBy: age >= LATE_AFTER_MS ? age : null, repeat: rows.some((row) => row.uncertain) };
  }

  /**
   * Since when (epoch ms) something that should sound in a chat waits although nobody on Telegram has been told of it;
   * null: nothing does.
   */
  function soundingSince(chat: string): number | null {
    const waiting = judge(chat, table.due(chat, clock()), () => undefined).flatMap(({ incident, rows, verdict }) => {
      if (verdict.verdict !== 'send' || verdict.silent) return [];
      // What joined an older message has that message's time.
      const untold = (row: OutboxRow) => !table.toldOnTelegram(incident.id, row.createdAt - groupWindow);
      return rows.filter((row) => row.kind !== 'updated' && untold(row)).map((row) => row.createdAt);
    });
    return waiting.length === 0 ? null : Math.min(...waiting);
  }

  return { next, soundingSince };
}

/** One key for some rows, the same after a restart. */
function keyOf(rows: readonly OutboxRow[]): string {
  const ids = rows.map((row) => `${row.id}@${row.createdAt}`).join();
  return createHash('sha256').update(ids).digest('hex').slice(0, 32);
}

const known = (incident: Incident | null): readonly Incident[] => (incident === null ? [] : [incident]);

/** That the manager is stopped is no trouble of a service: it is not counted among those. */
function standsAlone({ kind }: Incident): boolean {
  return kind === 'manager-away';
}

/** Whether it takes a new message: it is not shown there yet, or it has to sound again. */
function needsMessage({ incident, verdict, copy }: Matter): boolean {
  return verdict.verdict === 'send' && (copy === null || incident.resolvedAt === null);
}

/**
 * A reminder of what the chat was told of since it was due is none; nor is what the gate held while something else about
 * it was told (it got critical), or what arrived and was written down, only not ticked off any more before the manager
 * died.
 */
function kindOf(
  { kind, held, uncertain, createdAt }: OutboxRow,
  incident: Incident,
  toldAt: number | null,
): NoticeKind {
  if (kind === 'text' || kind === 'digest') return 'updated';
  if (toldAt === null) return kind;
  const stale = kind === 'repeat' && toldAt >= incident.saidAt;
  const told = (held || uncertain) && (kind === 'opened' || toldAt >= createdAt);
  return stale || told ? 'updated' : kind;
}

const idsOf = (incidents: readonly Incident[]) => incidents.map((incident) => incident.id);
