import { readFile } from 'node:fs/promises';
import type { CheckResult, Finding, Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import type { Check } from './check.ts';
import { verdictOf, worstFindings } from './findings.ts';
import { type ClockState, readClock } from './host-clock.ts';
import { createDiskReader, type Disk, type FileSystemSize } from './host-disks.ts';
import { type HostLimits, type HostReading, judgeHost, type Processor } from './host-judge.ts';
import { type NetworkRate, networkRates } from './host-network.ts';
import * as proc from './host-proc.ts';

/** Where the boot seen last is kept, so that a reboot is noticed by the manager that comes up after it. */
export interface BootMemory {
  load(): string | null;
  save(bootId: string): void;
}

export interface HostCheckOptions extends HostLimits {
  readonly id: string;
  /** null: a reboot is noticed by its short uptime only. */
  readonly boot: BootMemory | null;
}

/** How the machine is asked. */
export interface HostWorld {
  readonly readFile: (path: string) => Promise<string>;
  readonly sizeOf?: (path: string) => Promise<FileSystemSize>;
  /** ms of a clock that nobody sets. */
  readonly monotonic: () => number;
  readonly readClock: (signal: AbortSignal) => Promise<ClockState>;
}

/** What is known of the machine, for a screen. Bytes, ms, percent of the whole machine. */
export interface HostDetails {
  readonly at: number;
  readonly processor: Processor | null;
  readonly load: readonly [number, number, number] | null;
  readonly cores: number;
  readonly memory: proc.Memory | null;
  readonly disks: readonly Disk[];
  readonly network: readonly NetworkRate[];
  readonly clock: ClockState;
  readonly bootedAt: number;
  /** Epoch ms when this check saw that the machine had been booted anew; null: not since the manager knows it. */
  readonly rebootSeenAt: number | null;
  readonly findings: readonly Finding[];
}

export interface HostCheck extends Check {
  /** Of the last round; null before the first. */
  details(): HostDetails | null;
}

/** Clock keepers are programs; they are not started each round. */
const CLOCK_EVERY_MS = 10 * 60_000;

/** A reboot is shown for so long, then it is history; too short to be told of as what stays degraded. */
const REBOOT_SHOWN_MS = 3 * 60_000;

const thisMachine: HostWorld = {
  readFile: (path) => readFile(path, 'utf8'),
  monotonic: () => performance.now(),
  readClock,
};

/** The machine itself: processor, memory, disks, network, time, reboots. Reads /proc; asks nobody outside. */
export function createHostCheck(options: HostCheckOptions, world: HostWorld = thisMachine): HostCheck {
  const disks = createDiskReader(world.sizeOf);
  let cpuBefore: proc.CpuTimes | null = null;
  let processors: readonly Processor[] = [];
  let network: { at: number; counters: readonly proc.NetworkCounters[] } | null = null;
  let clock: { at: number; state: ClockState } | null = null;
  let wallAhead: number | null = null;
  let rebootSeenAt: number | null = null;
  let bootChecked = false;
  let last: HostDetails | null = null;

  async function run(now: number, signal: AbortSignal): Promise<CheckResult> {
    const names = ['stat', 'meminfo', 'loadavg', 'net/dev', 'self/mountinfo', 'uptime', 'sys/kernel/random/boot_id'];
    const [stat = '', meminfo = '', loadavg = '', dev = '', mountinfo = '', uptime = '', boot = ''] = await Promise.all(
      names.map((name) => world.readFile(`/proc/${name}`)),
    );
    const monotonic = world.monotonic();
    const uptimeMs = Number(uptime.split(' ', 1)[0]) * 1000;
    if (clock === null || now - clock.at >= CLOCK_EVERY_MS) clock = { at: now, state: await world.readClock(signal) };

    const processor = takeProcessor(proc.parseCpu(stat));
    const counters = proc.parseNetwork(dev);
    const rates = network === null ? [] : networkRates(network.counters, counters, monotonic - network.at);
    network = { at: monotonic, counters };
    const reading: HostReading = {
      processors,
      load: proc.parseLoad(loadavg),
      cores: proc.countCpus(stat),
      memory: proc.parseMemory(meminfo),
      disks: await disks.read(proc.parseMounts(mountinfo), now),
      network: rates,
      clock: clock.state,
      clockJump: takeJump(now, monotonic),
      uptime: uptimeMs,
      rebooted: takeBoot(boot.trim(), now, uptimeMs),
    };
    const findings = worstFindings(judgeHost(reading, options));
    const { load, cores, memory } = reading;
    const shown = { load, cores, memory, disks: reading.disks, network: rates, clock: clock.state };
    last = { at: now, processor, ...shown, bootedAt: now - uptimeMs, rebootSeenAt, findings };
    return verdictOf(findings, metricsOf(last, uptimeMs));
  }

  function takeProcessor(times: proc.CpuTimes | null): Processor | null {
    const before = cpuBefore;
    cpuBefore = times;
    if (before === null || times === null || times.total <= before.total) return null;
    const share = (part: keyof proc.CpuTimes) =>
      Math.max(0, (100 * (times[part] - before[part])) / (times.total - before.total));
    const iowait = share('iowait');
    const busy = Math.max(0, 100 - share('idle') - iowait);
    const processor = { busy, iowait, steal: share('steal') };
    processors = [...processors, processor].slice(-5);
    return processor;
  }

  /** ms that the wall clock went on more than time did since the last round. */
  function takeJump(now: number, monotonic: number): number {
    const ahead = now - monotonic;
    const jump = wallAhead === null ? 0 : ahead - wallAhead;
    wallAhead = ahead;
    return jump;
  }

  function takeBoot(bootId: string, now: number, uptimeMs: number): boolean {
    if (!bootChecked) {
      bootChecked = true;
      const known = options.boot?.load() ?? null;
      if (known !== null && known !== bootId) rebootSeenAt = now;
      options.boot?.save(bootId);
    }
    return rebootSeenAt !== null ? now - rebootSeenAt < REBOOT_SHOWN_MS : uptimeMs < REBOOT_SHOWN_MS;
  }

  return {
    id: options.id,
    kind: 'host',
    async run({ now, signal }) {
      try {
        return await run(now, signal);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
        return { verdict: 'unknown', reason: reason('host-unreadable', { code }), metrics: [] };
      }
    },
    details: () => last,
    async close() {},
  };
}

function metricsOf(details: HostDetails, uptimeMs: number): readonly Metric[] {
  const { processor, load, memory, disks, network, clock } = details;
  const metrics: Metric[] = [{ name: 'uptime', value: Math.round(uptimeMs / 1000), unit: 's' }];
  const add = (name: string, value: number, unit: Metric['unit']) => metrics.push({ name, value, unit });
  if (processor) {
    add('cpu', processor.busy, '%');
    add('iowait', processor.iowait, '%');
    add('steal', processor.steal, '%');
  }
  if (load) add('load_per_core', load[0] / details.cores, 'count');
  if (memory) {
    add('memory', (100 * (memory.total - memory.available)) / memory.total, '%');
    add('memory_available', memory.available, 'bytes');
    if (memory.swapTotal > 0) add('swap', (100 * (memory.swapTotal - memory.swapFree)) / memory.swapTotal, '%');
  }
  for (const disk of disks) {
    add(`disk:${disk.path}`, disk.usedPercent, '%');
    add(`disk_free:${disk.path}`, disk.free, 'bytes');
    if (disk.inodesPercent !== null) add(`inodes:${disk.path}`, disk.inodesPercent, '%');
  }
  for (const { name, received, sent, bad } of network) {
    add(`received:${name}`, received, 'bytes_per_s');
    add(`sent:${name}`, sent, 'bytes_per_s');
    add(`net_errors:${name}`, bad, 'count');
  }
  if (clock.offset !== null) add('clock_offset', clock.offset, 'ms');
  return metrics;
}
