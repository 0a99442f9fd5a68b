import { percentOf } from '../core/counter.ts';
import type { Finding } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { median } from '../core/rolling.ts';
import { degraded, unhealthy } from './findings.ts';
import type { ClockState } from './host-clock.ts';
import type { Disk } from './host-disks.ts';
import type { NetworkRate } from './host-network.ts';
import type { Memory } from './host-proc.ts';

/** Percent of all processors together. */
export interface Processor {
  readonly busy: number;
  readonly iowait: number;
  readonly steal: number;
}

/** Beyond these the machine is degraded. */
export interface HostLimits {
  /** Percent of space, and of files, of each disk. */
  readonly disk_over: number;
  /** Percent of memory that programs cannot get any more, the page cache not counted. */
  readonly memory_over: number;
  /** Percent of all processors, by the median of the last rounds. */
  readonly cpu_over: number;
  /** Load (5 min) per processor. */
  readonly load_over: number;
  /** ms: a disk that will be full sooner, should it go on like this. */
  readonly full_within: number;
}

export interface HostReading {
  /** The last rounds, oldest first. */
  readonly processors: readonly Processor[];
  readonly load: readonly [number, number, number] | null;
  readonly cores: number;
  readonly memory: Memory | null;
  readonly disks: readonly Disk[];
  readonly network: readonly NetworkRate[];
  readonly clock: ClockState;
  /** ms that the wall clock jumped since the last round. */
  readonly clockJump: number;
  readonly uptime: number;
  readonly rebooted: boolean;
}

/** A disk, or the memory, this full is about to stop something. */
const DISK_UNHEALTHY = 98;
const MEMORY_UNHEALTHY = 97;
/** Percent of the time that a hypervisor gave away. */
const STEAL_DEGRADED = 25;
/** Bad packets are some as long as they are few: a hundred, and one in a hundred. */
const BAD_PACKETS = 100;
const BAD_SHARE = 1;
/** Panels and clients compare times; TLS and tokens bear less than seconds of error only by luck. */
const CLOCK_OFF_MS = 1000;
/** Rounds start late now and then; that is not a jump of the clock. */
const CLOCK_JUMP_MS = 5000;
/** Rounds before the processor is judged. */
const LEAST_ROUNDS = 3;

/** What is wrong with the machine, in no order. */
export function judgeHost(reading: HostReading, limits: HostLimits): readonly (Finding | null)[] {
  return [
    ...reading.disks.flatMap((disk) => judgeDisk(disk, limits)),
    judgeMemory(reading.memory, limits),
    ...judgeProcessor(reading, limits),
    ...reading.network.map(judgeNetwork),
    judgeClock(reading.clock),
    Math.abs(reading.clockJump) > CLOCK_JUMP_MS
      ? degraded(reason('host-clock-jumped', { seconds: Math.round(reading.clockJump / 1000) }))
      : null,
    reading.rebooted
      ? degraded(reason('host-rebooted', { minutes: Math.max(1, Math.round(reading.uptime / 60_000)) }))
      : null,
  ];
}

function judgeDisk(disk: Disk, limits: HostLimits): readonly (Finding | null)[] {
  const { path, usedPercent, inodesPercent, fullIn } = disk;
  const space = reason('host-disk', { path, percent: Math.round(usedPercent), ...sized(disk.free) });
  const files = inodesPercent ?? 0;
  const inodes = reason('host-inodes', { path, percent: Math.round(files) });
  return [
    disk.becameReadOnly ? unhealthy(reason('host-disk-read-only', { path })) : null,
    usedPercent >= DISK_UNHEALTHY ? unhealthy(space) : usedPercent > limits.disk_over ? degraded(space) : null,
    files >= DISK_UNHEALTHY ? unhealthy(inodes) : files > limits.disk_over ? degraded(inodes) : null,
    fullIn !== null && fullIn < limits.full_within
      ? degraded(reason('host-disk-filling', { path, percent: Math.round(usedPercent), ...spanned(fullIn) }))
      : null,
  ];
}

function judgeMemory(memory: Memory | null, limits: HostLimits): Finding | null {
  if (memory === null) return null;
  const percent = percentOf(memory.total - memory.available, memory.total);
  if (percent <= limits.memory_over) return null;
  const why = reason('host-memory', { percent: Math.round(percent), ...sized(memory.available) });
  return percent >= MEMORY_UNHEALTHY ? unhealthy(why) : degraded(why);
}

function judgeProcessor(reading: HostReading, limits: HostLimits): readonly (Finding | null)[] {
  const { processors, load, cores } = reading;
  const enough = processors.length >= LEAST_ROUNDS;
  const middle = (part: keyof Processor) => (enough ? (median(processors.map((each) => each[part])) ?? 0) : 0);
  const busy = middle('busy');
  const steal = middle('steal');
  const perCore = load === null ? 0 : load[1] / cores;
  return [
    steal > STEAL_DEGRADED ? degraded(reason('host-steal', { percent: Math.round(steal) })) : null,
    busy > limits.cpu_over ? degraded(reason('host-cpu', { percent: Math.round(busy) })) : null,
    perCore > limits.load_over ? degraded(reason('host-load', { load: Math.round(perCore * 10) / 10 })) : null,
  ];
}

function judgeNetwork({ name, bad, packets }: NetworkRate): Finding | null {
  const percent = percentOf(bad, packets);
  if (bad < BAD_PACKETS || percent < BAD_SHARE) return null;
  return degraded(reason('host-network', { name, count: bad, percent: Math.round(percent) }));
}

function judgeClock({ offset }: ClockState): Finding | null {
  if (offset === null || offset < CLOCK_OFF_MS) return null;
  return degraded(reason('host-clock-off', { seconds: Math.round(offset / 100) / 10 }));
}

/** Bytes as a text says them. */
function sized(bytes: number): { free: number; unit: 'MB' | 'GB' } {
  const gigabytes = bytes / 1024 ** 3;
  return gigabytes < 1
    ? { free: Math.round(bytes / 1024 ** 2), unit: 'MB' }
    : { free: Math.round(gigabytes * 10) / 10, unit: 'GB' };
}

/** ms as a text says a forecast: whole hours, or minutes when it is less than two. */
function spanned(ms: number): { n: number; unit: 'h' | 'min' } {
  const minutes = ms / 60_000;
  return minutes < 120
    ? { n: Math.max(1, Math.round(minutes)), unit: 'min' }
    : { n: Math.round(minutes / 60), unit: 'h' };
}
