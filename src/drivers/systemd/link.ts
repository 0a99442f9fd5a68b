import { type Reason, reason } from '../../core/reason.ts';
import { type Connection, connectBus, type Reply } from '../dbus/connection.ts';
import type { Message, MethodCall } from '../dbus/message.ts';
import { addMatch, allProperties, managerPath, properties, systemd, toManager } from './calls.ts';
import { connectFailure, type Failure, failureOf } from './failures.ts';
import { parseProperties, propertyNames, type UnitProperties } from './properties.ts';
import type { SystemdReach } from './reach.ts';

export type Sight =
  /** `asked`: as it stands now; else as it was told, which may be one step of several that systemd makes at once. */
  | { readonly ok: true; readonly unit: UnitProperties; readonly asked: boolean }
  | { readonly ok: false; readonly reason: Reason; readonly fatal: boolean };

/** How a job ended in systemd's own words (`done`, `failed`, `timeout`, …); null: its end was not seen in time. */
export type JobEnd =
  | { readonly ok: true; readonly result: string | null }
  | { readonly ok: false; readonly reason: Reason; readonly fatal: boolean };

/** The one connection to one systemd that all its units share. */
export interface SystemdLink {
  /** Asks for a unit anew. */
  read(name: string): Promise<Sight>;
  /** Tells every change of a unit, also that systemd cannot be reached; returns how to leave. */
  watch(name: string, listener: (sight: Sight) => void): () => void;
  /** Asks systemd to start or stop a unit and waits for the end of that, at most `deadlineMs`. */
  job(method: 'StartUnit' | 'StopUnit', name: string, deadlineMs: number): Promise<JobEnd>;
  /** Any other method of systemd's manager object. */
  call(member: string, signature: string, args: MethodCall['args']): Promise<Reply>;
  close(): void;
}

interface Watched {
  readonly name: string;
  readonly listeners: Set<(sight: Sight) => void>;
  /** Of the unit object, once systemd has told it. */
  path: string | null;
  /** As systemd told them last, in the order in which it told them. */
  known: Map<unknown, unknown>;
  asked: boolean;
}

/** First wait before connecting again; doubles up to the last. */
const reconnectMs = 250;
const maxReconnectMs = 15_000;
/** One small call for all units: the bus or systemd may be stuck, or a change may have been lost. */
const heartbeatMs = 30_000;

/** A bus takes 512 of one client by default, and two are for other things. */
const maxRules = 400;

export function createLink({ endpoints, absent }: Pick<SystemdReach, 'endpoints' | 'absent'>): SystemdLink {
  const watched = new Map<string, Watched>();
  const byPath = new Map<string, Watched>();
  /** Jobs that are waited for, and those whose end came before the answer that named them. */
  const jobs = new Map<string, (result: string | null) => void>();
  const endedJobs = new Map<string, string>();
  let connection: Connection | null = null;
  /** Not on systemd's own socket. */
  let onBus = false;
  let rules = 0;
  let connecting: Promise<Connection | Failure> | null = null;
  let again: NodeJS.Timeout | null = null;
  let wait = reconnectMs;
  let closed = false;
  const heartbeat = setInterval(() => void beat(), heartbeatMs).unref();

  // --- the connection ---

  async function open(): Promise<Connection | Failure> {
    let failure = connectFailure(null);
    for (const endpoint of endpoints) {
      try {
        const opened = await connectBus(endpoint);
        onBus = !endpoint.direct;
        rules = 0;
        const subscribed = await prepare(opened);
        if (subscribed.ok) return opened;
        opened.close();
        failure = failureOf(subscribed, systemd);
      } catch (error) {
        failure = connectFailure(error, failure);
      }
    }
    return absent !== undefined && failure.reason.code === 'systemd-absent' ? { ...failure, reason: absent } : failure;
  }

  /** Without Subscribe systemd tells changes to nobody; a bus wants to be told too which of them we want. */
  async function prepare(opened: Connection): Promise<Reply> {
    opened.onSignal((message) => hear(opened, message));
    if (onBus) {
      await addMatch(opened, `type='signal',sender='${systemd}',path='${managerPath}',member='JobRemoved'`);
      await addMatch(opened, `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${systemd}'`);
    }
    return opened.call(toManager('Subscribe'));
  }

  function connect(): Promise<Connection | Failure> {
    if (connection) return Promise.resolve(connection);
    connecting ??= open().then((opened) => {
      connecting = null;
      if (isFailure(opened)) return opened;
      if (closed) {
        opened.close();
        return connectFailure(null);
      }
      connection = opened;
      wait = reconnectMs;
      opened.onClose(() => {
        connection = null;
        byPath.clear();
        for (const each of watched.values()) each.path = null;
        // Their ends are told to nobody now.
        for (const settle of [...jobs.values()]) settle(null);
        reconnectSoon(0);
      });
      return opened;
    });
    return connecting;
  }

  function reconnectSoon(ms: number): void {
    if (closed || again !== null || watched.size === 0) return;
    again = setTimeout(() => {
      again = null;
      void connect().then((opened) => {
        if (!isFailure(opened)) return refresh();
        tellAll(opened);
        reconnectSoon(wait);
        wait = Math.min(wait * 2, maxReconnectMs);
      });
    }, ms);
    again.unref();
  }

  /** What is watched, one by one as long as the bus allows that; then whatever changes. */
  async function matchUnit(opened: Connection, path: string): Promise<void> {
    rules += 1;
    if (rules > maxRules + 1) return;
    const place = rules > maxRules ? `path_namespace='${managerPath}/unit'` : `path='${path}'`;
    await addMatch(opened, `type='signal',sender='${systemd}',interface='${properties}',${place}`);
  }

  async function call(member: string, signature: string, args: MethodCall['args']): Promise<Reply> {
    const opened = await connect();
    if (isFailure(opened)) return { ok: false, error: 'disconnected', message: '' };
    return opened.call(toManager(member, signature, args));
  }

  // --- news ---

  function hear(from: Connection, message: Message): void {
    if (message.member === 'PropertiesChanged' && message.iface === properties) {
      const changed = byPath.get(message.path);
      if (changed) takeChanges(changed, message.body());
    } else if (message.member === 'JobRemoved') {
      const [, path, , result] = message.body();
      if (typeof path === 'string' && typeof result === 'string') jobEnded(path, result);
    } else if (message.member === 'NameOwnerChanged') {
      // systemd was started anew in place (daemon-reexec), or is gone from the bus for a moment.
      void from.call(toManager('Subscribe')).then(refresh);
    }
  }

  /** systemd tells a service's own properties first and the unit's next: only then do they fit together. */
  function takeChanges(changed: Watched, [iface, values]: readonly unknown[]): void {
    // Before the first answer there is nothing that it could be a change of.
    if (!(values instanceof Map) || changed.known.size === 0) return;
    for (const [name, value] of values) if (propertyNames.has(name)) changed.known.set(name, value);
    changed.asked = false;
    if (iface === `${systemd}.Unit`) tell(changed, sightOf(changed));
  }

  function jobEnded(path: string, result: string): void {
    const settle = jobs.get(path);
    if (settle) {
      settle(result);
      return;
    }
    endedJobs.set(path, result);
    // Ends of strangers' jobs; only one of the last moment can be one whose name is still on its way to us.
    for (const old of endedJobs.keys()) {
      if (endedJobs.size <= 20) break;
      endedJobs.delete(old);
    }
  }

  function tell(to: Watched, sight: Sight): void {
    for (const listener of [...to.listeners]) listener(sight);
  }

  function tellAll(failure: Failure): void {
    for (const each of watched.values()) tell(each, { ok: false, ...failure });
  }

  function refresh(): void {
    for (const each of watched.values()) void read(each.name).then((sight) => tell(each, sight));
  }

  async function beat(): Promise<void> {
    const opened = connection;
    if (opened === null || watched.size === 0) return;
    const reply = await opened.call(toManager('ListUnitsByNames', 'as', [[...watched.keys()]]));
    if (!reply.ok) return opened.close();
    const [units] = reply.body;
    if (!Array.isArray(units)) return;
    for (const [name, , , active, sub] of units) {
      const each = watched.get(name);
      if (!each || (each.known.get('ActiveState') === active && each.known.get('SubState') === sub)) continue;
      tell(each, await read(name));
    }
  }

  // --- questions ---

  async function read(name: string): Promise<Sight> {
    const opened = await connect();
    if (isFailure(opened)) {
      reconnectSoon(wait);
      return { ok: false, ...opened };
    }
    const loaded = await opened.call(toManager('LoadUnit', 's', [name]));
    if (!loaded.ok) return { ok: false, ...failureOf(loaded, name) };
    const path = String(loaded.body[0]);
    const each = watched.get(name) ?? unknownUnit(name);
    if (each.path !== path && watched.has(name)) {
      each.path = path;
      byPath.set(path, each);
      // Before it is asked: what changes in between is told, and told again.
      if (onBus) await matchUnit(opened, path);
    }
    const all = await opened.call(allProperties(path), undefined, (reply) => {
      if (!reply.ok || !(reply.body[0] instanceof Map)) return;
      each.known = new Map([...reply.body[0]].filter(([property]) => propertyNames.has(property)));
      each.asked = true;
    });
    // With what was told since then: an answer must not come after the news that make it old.
    return all.ok ? sightOf(each) : { ok: false, ...failureOf(all, name) };
  }

  async function job(method: 'StartUnit' | 'StopUnit', name: string, deadlineMs: number): Promise<JobEnd> {
    const opened = await connect();
    if (isFailure(opened)) return { ok: false, ...opened };
    const reply = await opened.call(toManager(method, 'ss', [name, 'replace']));
    if (!reply.ok) return { ok: false, ...failureOf(reply, name) };
    const path = String(reply.body[0]);
    const ended = endedJobs.get(path);
    if (ended !== undefined) return { ok: true, result: ended };
    return new Promise((resolve) => {
      const settle = (result: string | null) => {
        clearTimeout(timer);
        jobs.delete(path);
        resolve({ ok: true, result });
      };
      const timer = setTimeout(() => settle(null), deadlineMs);
      jobs.set(path, settle);
    });
  }

  return {
    read,
    watch(name, listener) {
      const each = watched.get(name) ?? unknownUnit(name);
      watched.set(name, each);
      each.listeners.add(listener);
      return () => {
        each.listeners.delete(listener);
        if (each.listeners.size > 0) return;
        watched.delete(name);
        if (each.path !== null) byPath.delete(each.path);
      };
    },
    job,
    call,
    close() {
      closed = true;
      clearInterval(heartbeat);
      if (again) clearTimeout(again);
      connection?.close();
    },
  };
}

function unknownUnit(name: string): Watched {
  return { name, listeners: new Set(), path: null, known: new Map(), asked: false };
}

function sightOf({ known, asked }: Watched): Sight {
  const unit = parseProperties(known);
  return unit === null
    ? { ok: false, reason: reason('systemd-not-understood'), fatal: false }
    : { ok: true, unit, asked };
}

function isFailure(found: Connection | Failure): found is Failure {
  return 'reason' in found;
}
