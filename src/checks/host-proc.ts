/** Readers of what Linux says about the machine in /proc. Each gets the file's text and knows nothing else. */

/** Clock ticks since boot, over all processors. */
export interface CpuTimes {
  readonly total: number;
  readonly idle: number;
  /** Waiting for disks. */
  readonly iowait: number;
  /** Wanted, but given to other machines of the same hypervisor. */
  readonly steal: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal (guest times are inside user). */
export function parseCpu(stat: string): CpuTimes | null {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1];
  const times = line?.trim().split(/\s+/).slice(0, 8).map(Number) ?? [];
  const [, , , idle = 0, iowait = 0, , , steal = 0] = times;
  const total = times.reduce((sum, each) => sum + each, 0);
  return times.length < 4 || Number.isNaN(total) ? null : { total, idle, iowait, steal };
}

/** How many processors /proc/stat lists. */
export function countCpus(stat: string): number {
  return Math.max(1, [...stat.matchAll(/^cpu\d+ /gm)].length);
}

/** Bytes. `available` is what programs can still get: the page cache counts as free. */
export interface Memory {
  readonly total: number;
  readonly available: number;
  readonly swapTotal: number;
  readonly swapFree: number;
}

export function parseMemory(meminfo: string): Memory | null {
  const kilobytes = new Map([...meminfo.matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, name, kb]) => [name, Number(kb)]));
  const bytes = (name: string) => (kilobytes.get(name) ?? 0) * 1024;
  if (!kilobytes.has('MemTotal') || !kilobytes.has('MemAvailable')) return null;
  return {
    total: bytes('MemTotal'),
    available: bytes('MemAvailable'),
    swapTotal: bytes('SwapTotal'),
    swapFree: bytes('SwapFree'),
  };
}

/** Load averages over 1, 5 and 15 minutes. */
export function parseLoad(loadavg: string): readonly [number, number, number] | null {
  const [one, five, fifteen] = loadavg.split(' ').map(Number);
  if (one === undefined || five === undefined || fifteen === undefined || Number.isNaN(fifteen)) return null;
  return [one, five, fifteen];
}

/** Counters since the interface came up. */
export interface NetworkCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly packets: number;
  /** Errors and drops of both directions. */
  readonly bad: number;
}

/** Ends of pairs, bridges and tunnels carry what a real interface carries too; loopback never leaves the machine. */
const innerInterface = /^(lo$|veth|docker|br-|virbr|vnet|cni|flannel|cali|dummy|ifb|tunl|sit|gre|erspan|ip6)/;

/** /proc/net/dev: received bytes packets errs drop fifo frame compressed multicast, then the same for sent. */
export function parseNetwork(dev: string): readonly NetworkCounters[] {
  return dev.split('\n').flatMap((line) => {
    const [name, rest] = line.split(':', 2);
    const fields = rest?.trim().split(/\s+/).map(Number);
    if (name === undefined || fields === undefined || fields.length < 16) return [];
    if (innerInterface.test(name.trim())) return [];
    const at = (index: number) => fields[index] ?? 0;
    return [
      {
        name: name.trim(),
        receivedBytes: at(0),
        sentBytes: at(8),
        packets: at(1) + at(9),
        bad: at(2) + at(3) + at(10) + at(11),
      },
    ];
  });
}

/** A file system that can fill up. */
export interface Mount {
  /** `major:minor`: the same for all places where it is mounted. */
  readonly device: string;
  readonly path: string;
  readonly type: string;
  /** The kernel took the right to write away (errors on the disk), though it was mounted to be written. */
  readonly becameReadOnly: boolean;
}

/** Images that are full by nature. */
const fullByNature: ReadonlySet<string> = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs']);
/** On disks, but named without a device file. */
const onDisks: ReadonlySet<string> = new Set(['zfs', 'btrfs', 'bcachefs']);

/**
 * The file systems of /proc/self/mountinfo that live on this machine's disks, each once, and whatever the root is on.
 * Pseudo file systems, memory and network ones are left out: asking one whose server is gone would block for ever.
 */
export function parseMounts(mountinfo: string): readonly Mount[] {
  const found = new Map<string, Mount>();
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ', 2);
    const [, , device, , mountPoint, options] = before?.split(' ') ?? [];
    const [type, source, superOptions] = after?.split(' ') ?? [];
    if (device === undefined || mountPoint === undefined || type === undefined || source === undefined) continue;
    const path = plainPath(mountPoint);
    const real = source.startsWith('/dev/') ? !fullByNature.has(type) : onDisks.has(type) || path === '/';
    if (!real) continue;
    const known = found.get(device);
    if (known && known.path.length <= path.length) continue;
    const isReadOnly = (words: string | undefined) => words?.split(',').includes('ro') ?? false;
    found.set(device, { device, path, type, becameReadOnly: isReadOnly(superOptions) && !isReadOnly(options) });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Blanks, tabs, line breaks and backslashes stand as `\040` and so on. */
function plainPath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
