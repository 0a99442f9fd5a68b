import type { Figure } from './figure.ts';

export interface TopProcess {
  readonly pid: number;
  /** The kernel's short name, without control characters; never the command line, which may hold secrets. */
  readonly name: string;
  /** % of one core. */
  readonly cpu: number;
  /** Resident, bytes. */
  readonly memory: number;
  /** % of the machine's. */
  readonly memoryOfHost: number;
  /** The service that it belongs to; null: none that the manager knows. */
  readonly service: string | null;
}

/** Who uses the machine, the most first. */
export interface Top {
  /** Epoch ms. */
  readonly at: number;
  readonly cores: number;
  /** How many were measured, and how many there were. */
  readonly measured: number;
  readonly processes: number;
  readonly byCpu: readonly TopProcess[];
  readonly byMemory: readonly TopProcess[];
}

/** Measures the whole machine when somebody asks, which takes a little more than a second. */
export interface HostTop {
  /** Whether that service stands for the machine. */
  isOn(service: string): boolean;
  /** Who asks while it is measured shares the answer. Never rejects. */
  measure(): Promise<Figure<Top>>;
}
