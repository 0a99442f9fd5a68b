import { CoreLog } from './core-log.ts';

/**
 * One VPN node as a panel sees it. Statuses and how long each lasts are those measured on a real panel: the node that
 * is frozen and never leaves "connecting", and xray that is restarted without a word, included.
 */
export type NodeFault =
  | 'none'
  /** Its service does not run: the port refuses. */
  | 'killed'
  /** Its machine does not answer at all. */
  | 'unroutable'
  /** It takes connections and says nothing, as after SIGSTOP. */
  | 'frozen'
  /** It runs, but xray on it cannot. */
  | 'xray-broken'
  /** Another panel uses it too. */
  | 'stolen';

export interface NodeOptions {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly coefficient?: number;
  /** Users on it at any time; dropped when its xray restarts. */
  readonly users?: number;
  /** Bytes a second. */
  readonly up?: number;
  readonly down?: number;
  readonly disabled?: boolean;
}

export type NodeStatus = 'connected' | 'connecting' | 'error' | 'disabled' | 'limited';

const CONNECT_MS = 3000;
const RECONNECT_MS = 3100;
/** From the health check that gets no answer to the panel's giving up on the old connection. */
const FROZEN_NOTICED_MS = 13_000;
/** Read timeout of the panel's client. */
const READ_TIMEOUT_MS = 10_000;

const xrayVersion = '1.8.24';

interface Pending {
  readonly at: number;
  readonly run: () => void;
}

export class SimNode {
  readonly id: number;
  name: string;
  address: string;
  port: number;
  coefficient: number;
  users: number;
  up: number;
  down: number;
  status: NodeStatus;
  message: string | null = null;
  /** Changes when xray on it is started anew. */
  xrayPid: number;
  /** People thrown off by restarts. */
  dropped = 0;
  /** Starts of xray, as its log would show them. */
  coreStarts = 1;
  /** Hour (epoch ms) → bytes. */
  readonly log: CoreLog;
  readonly usage = new Map<number, { up: number; down: number }>();
  #fault: NodeFault = 'none';
  #xrayDead = false;
  /** Marzban's `_connecting_nodes` flag: set while it connects, and never cleared when that hangs. */
  #locked = false;
  #pending: Pending | null = null;

  constructor(id: number, options: NodeOptions, clock: () => number) {
    this.id = id;
    this.log = new CoreLog(clock);
    this.name = options.name;
    this.address = options.address ?? '127.0.0.1';
    this.port = options.port ?? 62050;
    this.coefficient = options.coefficient ?? 1;
    this.users = options.users ?? 10;
    this.up = options.up ?? 1000;
    this.down = options.down ?? 9000;
    this.status = options.disabled ? 'disabled' : 'connected';
    this.xrayPid = 1000 * id;
  }

  get fault(): NodeFault {
    return this.#fault;
  }

  get nextAt(): number {
    return this.#pending?.at ?? Number.POSITIVE_INFINITY;
  }

  get version(): string | null {
    return this.status === 'connected' ? xrayVersion : null;
  }

  /** Whether traffic flows through it. */
  get carries(): boolean {
    return this.status === 'connected' && this.#fault === 'none';
  }

  /** Breaks it, or mends it with `none`. */
  break(fault: NodeFault, now: number): void {
    const was = this.#fault;
    this.#fault = fault;
    if (was !== 'frozen' || fault === 'frozen') return;
    // Nobody noticed yet: no call hangs.
    this.#pending = null;
    if (!this.#locked) return;
    // The hanging call of the panel ends at last.
    this.#locked = false;
    this.#after(500, now, () => this.#fail('connection closed by peer'));
  }

  killXray(): void {
    this.#xrayDead = true;
  }

  runPending(): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.run();
  }

  /** The panel's health check, each 10 s. */
  check(now: number): void {
    if (this.status === 'disabled' || this.status === 'limited') return;
    if (this.status !== 'connected') {
      this.connect(now);
      return;
    }
    if (this.#fault === 'frozen') {
      if (this.#pending === null) this.#after(FROZEN_NOTICED_MS, now, () => this.connect(now + FROZEN_NOTICED_MS));
    } else if (this.#fault !== 'none') this.connect(now);
    else if (this.#xrayDead) this.#startXray();
  }

  connect(now: number): void {
    if (this.#locked) return;
    this.status = 'connecting';
    this.message = null;
    this.log.replace();
    this.#locked = true;
    this.#pending = null;
    if (this.#fault === 'frozen') return;
    const { after, message } = this.#outcome(this.#fault);
    this.#after(after, now, () => {
      if (message !== null) return this.#fail(message);
      this.log.started();
      this.#succeed();
    });
  }

  #outcome(fault: Exclude<NodeFault, 'frozen'>): { readonly after: number; readonly message: string | null } {
    switch (fault) {
      case 'none':
        return { after: CONNECT_MS, message: null };
      case 'killed':
        return { after: 100, message: '[Errno 111] Connection refused' };
      case 'unroutable': {
        const pool = `HTTPSConnectionPool(host='${this.address}', port=${this.port})`;
        return { after: READ_TIMEOUT_MS, message: `(0, "${pool}: Read timed out. (read timeout=10)")` };
      }
      case 'xray-broken': {
        const why = 'failed to listen TCP on 443 > listen tcp 0.0.0.0:443: bind: address already in use';
        return { after: CONNECT_MS, message: `(503, 'Failed to start: app/proxyman/inbound: ${why}')` };
      }
      case 'stolen':
        return { after: 1000, message: "(403, 'Session ID mismatch.')" };
    }
  }

  /** What `POST reconnect` does. */
  reconnect(now: number): void {
    if (this.#locked) return;
    if (!this.carries) {
      this.connect(now);
      return;
    }
    this.status = 'connecting';
    this.log.replace();
    this.#locked = true;
    this.#after(RECONNECT_MS, now, () => {
      // The node says "Xray is started already", so the panel restarts it: everybody drops.
      this.#startXray();
      this.#succeed();
    });
  }

  disable(): void {
    this.status = 'disabled';
    this.message = null;
    this.#pending = null;
    if (this.#fault !== 'frozen') this.#locked = false;
  }

  /** PasarGuard: its own traffic allowance is used up. */
  limit(): void {
    this.status = 'limited';
  }

  restartCore(): void {
    if (this.carries) this.#startXray();
  }

  /** The panel ended: whatever it was doing with this node is over, and xray there stops. */
  abandon(): void {
    this.#pending = null;
    this.#locked = false;
    if (this.carries) this.dropped += this.users;
  }

  record(hour: number, seconds: number): { readonly up: number; readonly down: number } {
    if (!this.carries) return { up: 0, down: 0 };
    const more = { up: this.up * seconds, down: this.down * seconds };
    const before = this.usage.get(hour) ?? { up: 0, down: 0 };
    this.usage.set(hour, { up: before.up + more.up, down: before.down + more.down });
    return more;
  }

  used(start: number, end: number): { readonly up: number; readonly down: number } {
    let up = 0;
    let down = 0;
    for (const [hour, bytes] of this.usage) {
      if (hour < start || hour > end) continue;
      up += bytes.up;
      down += bytes.down;
    }
    return { up, down };
  }

  #startXray(): void {
    this.#xrayDead = false;
    this.xrayPid += 1;
    this.coreStarts += 1;
    this.log.started();
    this.dropped += this.users;
  }

  #after(ms: number, now: number, run: () => void): void {
    this.#pending = { at: now + ms, run };
  }

  #succeed(): void {
    this.#locked = false;
    this.status = 'connected';
    this.message = null;
  }

  #fail(message: string): void {
    this.#locked = false;
    this.status = 'error';
    this.message = message;
  }
}
