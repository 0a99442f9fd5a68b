import { CoreLog } from './core-log.ts';
import { type NodeOptions, SimNode } from './node.ts';

const HEALTH_MS = 10_000;
const RECORD_MS = 30_000;
const HOUR_MS = 3_600_000;

/** What a panel does by itself as time goes by: looks after its cores, records traffic. Time comes in from outside. */
export class Engine {
  readonly nodes: SimNode[] = [];
  readonly log: CoreLog;
  core: { started: boolean; broken: boolean; starts: number } = { started: true, broken: false, starts: 1 };
  /** Bytes since the database was made. */
  totalUp = 0;
  totalDown = 0;
  readonly masterUsage = new Map<number, { up: number; down: number }>();
  masterUp = 0;
  masterDown = 0;
  recorderStuck = false;
  /** Whether the panel's process runs. */
  running = true;
  #now: number;
  #nextHealth: number;
  #nextRecord: number;
  #nextId = 1;

  constructor(now: number) {
    this.#now = now;
    this.log = new CoreLog(() => this.#now);
    this.#nextHealth = now + HEALTH_MS;
    this.#nextRecord = now + RECORD_MS;
  }

  get now(): number {
    return this.#now;
  }

  add(options: NodeOptions): SimNode {
    const node = new SimNode(this.#nextId, options, () => this.#now);
    this.#nextId += 1;
    this.nodes.push(node);
    return node;
  }

  /** Lives through everything until `until`, in order. */
  run(until: number): void {
    for (;;) {
      const at = Math.min(this.#nextHealth, this.#nextRecord, ...this.nodes.map((node) => node.nextAt));
      if (at > until) break;
      this.#now = at;
      if (this.running) this.#turn(at);
      else this.#skip(at);
    }
    this.#now = Math.max(this.#now, until);
  }

  #turn(at: number): void {
    for (const node of this.nodes) if (node.nextAt <= at) node.runPending();
    if (this.#nextHealth <= at) {
      this.#nextHealth += HEALTH_MS;
      if (!this.core.started && !this.core.broken) this.#startCore();
      for (const node of this.nodes) node.check(at);
    }
    if (this.#nextRecord <= at) {
      this.#nextRecord += RECORD_MS;
      if (!this.recorderStuck) this.#record(at);
    }
  }

  #skip(at: number): void {
    if (this.#nextHealth <= at) this.#nextHealth += HEALTH_MS;
    if (this.#nextRecord <= at) this.#nextRecord += RECORD_MS;
  }

  #startCore(): void {
    this.core = { ...this.core, started: true, starts: this.core.starts + 1 };
    this.log.started();
  }

  #record(at: number): void {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const seconds = RECORD_MS / 1000;
    for (const node of this.nodes) {
      const more = node.record(hour, seconds);
      this.totalUp += more.up;
      this.totalDown += more.down;
    }
    if (!this.core.started) return;
    const own = this.masterUsage.get(hour) ?? { up: 0, down: 0 };
    this.masterUsage.set(hour, { up: own.up + this.masterUp * seconds, down: own.down + this.masterDown * seconds });
    this.totalUp += this.masterUp * seconds;
    this.totalDown += this.masterDown * seconds;
  }

  killCore(): void {
    this.core = { ...this.core, started: false };
  }

  /** `POST /api/core/restart`: the panel's own and that of every connected node. */
  restartCores(): void {
    if (!this.core.broken) this.#startCore();
    for (const node of this.nodes) node.restartCore();
  }

  /** The process ends; the nodes' xray stop with it. */
  stop(): void {
    this.running = false;
    for (const node of this.nodes) node.abandon();
  }

  start(): void {
    this.running = true;
    this.core = { ...this.core, started: !this.core.broken };
    this.log.replace();
    if (!this.core.broken) this.log.started();
    for (const node of this.nodes) if (node.status !== 'disabled') node.connect(this.#now);
  }
}
