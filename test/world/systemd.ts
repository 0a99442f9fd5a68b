import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from './manager.ts';

const run = promisify(execFile);
/** This project and Node are there inside too, so that a test can run our code among its processes. */
const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Debian packages that the private systemd needs. */
const packages = 'systemd dbus util-linux mount';
/** The plain user whose user manager can be started: nobody, who is there on every machine. */
const plainUser = 65534;

/**
 * A systemd of the tests' own: pid 1 of its own namespaces, over a writable copy of this machine's file system that
 * goes with it. Its /run is a plain folder of the host, so that its sockets and its journal are reached from outside.
 */
export interface PrivateSystemd {
  /** Its first process, as seen from here. */
  readonly pid: number;
  /** Its /run as seen from here. */
  readonly runFolder: string;
  /** Where its system bus and its own socket are. */
  readonly systemBus: string;
  readonly privateSocket: string;
  /** How to read its journal from here. */
  readonly journal: readonly string[];
  /** Runs a program inside, as an operator on that machine would; resolves with its output, whatever its exit code. */
  inside(program: string, ...args: string[]): Promise<string>;
  /** Writes `name` as a unit file and makes it known. */
  unit(name: string, lines: readonly string[]): Promise<void>;
  /** Starts the user manager of a plain user; resolves with its XDG_RUNTIME_DIR as seen from here. */
  userManager(): Promise<PrivateUserManager>;
  /** Signals systemd itself; SIGSTOP makes it stuck. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it and all it started; nothing of it stays. */
  end(): Promise<void>;
}

export interface PrivateUserManager {
  readonly runtimeFolder: string;
  readonly uid: number;
  unit(name: string, lines: readonly string[]): Promise<void>;
  /** `systemctl --user` as that user. */
  systemctl(...args: string[]): Promise<string>;
}

/**
 * Outside its pid namespace: makes a control group of its own, waits until its input ends (so it also ends when the
 * test is killed), ends everything and takes the control group away.
 */
const keeper = `
set -eu
top=$1 name=$2 inner=$3
shift 3
mkdir "$top/cgroup" "$top/layer" "$top/root"
mount -t cgroup2 cgroup2 "$top/cgroup"
mkdir "$top/cgroup/$name"
(
  echo 0 >"$top/cgroup/$name/cgroup.procs"
  exec unshare --pid --fork --kill-child --cgroup --ipc --uts sh -c "$inner" systemd "$top" "$@"
) </dev/null &
child=$!
read -r _ || :
kill -KILL "$child" 2>/dev/null || :
wait "$child" || :
for _ in 1 2 3 4 5 6 7 8 9 10; do
  find "$top/cgroup/$name" -depth -type d -exec rmdir {} + 2>/dev/null || :
  [ -d "$top/cgroup/$name" ] || exit 0
  sleep 0.2
done
exit 1
`;

/**
 * Inside: a file system of its own in which nothing reaches the host (devices, /proc/sys and /sys included), without
 * this machine's own units except the journal and the bus.
 */
const inner = `
set -eu
top=$1 root=$1/root
shift
mount -t tmpfs tmpfs "$top/layer"
mkdir "$top/layer/upper" "$top/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/layer/upper,workdir=$top/layer/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mkdir -p "$top/run/log/journal"
chown root:systemd-journal "$top/run/log/journal"
chmod 2755 "$top/run/log/journal"
mount --bind "$top/run" "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for path in "$@"; do
  if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root\${path%/*}" && : >>"$root$path"; fi
  mount --bind "$path" "$root$path"
done
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -m 1777 "$root/dev/shm"
rm -rf "$root"/etc/systemd/system/*.wants "$root"/lib/systemd/system/*.wants "$root"/lib/systemd/system-generators "$root/etc/fstab"
mkdir "$root/etc/systemd/system/basic.target.wants"
for unit in systemd-journald.service systemd-journald.socket dbus.socket; do
  ln -s "/lib/systemd/system/$unit" "$root/etc/systemd/system/basic.target.wants/$unit"
done
cd /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" /lib/systemd/systemd --system --unit=basic.target
`;

/** Why a private systemd cannot be started on this machine; null: it can. */
export function whyNoSystemd(): string | null {
  const missing = ['/lib/systemd/systemd', '/usr/bin/dbus-daemon', '/usr/bin/nsenter'].filter(
    (path) => !existsSync(path),
  );
  if (missing.length > 0) return `Not on this machine: ${missing.join(', ')}. Needed: apt-get install ${packages}`;
  return process.getuid?.() === 0 ? null : 'A private systemd needs root: run this suite as root or on CI';
}

/** Starts one; about a second. Rejects with what is missing where it cannot. `shared`: folders that are there inside. */
export async function startSystemd(shared: readonly string[] = []): Promise<PrivateSystemd> {
  const why = whyNoSystemd();
  if (why !== null) throw new Error(why);

  const top = await mkdtemp(join(tmpdir(), 'orbit-systemd-'));
  const runFolder = join(top, 'run');
  await run('chmod', ['755', top]);
  await mkdir(runFolder);
  const name = top.slice(top.lastIndexOf('/') + 1);
  const script = ['sh', '-c', keeper, 'sh', top, name, inner, process.execPath, project, ...shared];
  const child = spawn('unshare', ['--mount', '--propagation', 'private', ...script], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const gone = new Promise<void>((resolve) => void child.once('close', () => resolve()));

  async function end(): Promise<void> {
    child.stdin.destroy();
    await gone;
    await rm(top, { recursive: true, force: true });
  }

  try {
    const pid = await firstProcess(child, () => complaints);
    const inside = async (program: string, ...args: string[]) => {
      const entered = ['--target', String(pid), '--all', '--root', '--wdns=/', program, ...args];
      return run('nsenter', entered).then(
        ({ stdout }) => stdout,
        (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : ''),
      );
    };
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`The private systemd ended: ${complaints}`);
      return /^(running|degraded)/.test(await inside('systemctl', 'is-system-running'));
    }, 'the private systemd to be up');
    const unit = async (file: string, lines: readonly string[]) => {
      await mkdir(join(runFolder, 'systemd/system'), { recursive: true });
      await writeFile(join(runFolder, 'systemd/system', file), `${lines.join('\n')}\n`);
      await inside('systemctl', 'daemon-reload');
    };
    return {
      pid,
      runFolder,
      systemBus: join(runFolder, 'dbus/system_bus_socket'),
      privateSocket: join(runFolder, 'systemd/private'),
      journal: ['journalctl', `--directory=${join(runFolder, 'log/journal')}`],
      inside,
      unit,
      userManager: () => startUserManager(runFolder, unit, inside),
      signal: (signal) => void process.kill(pid, signal),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The pid, as seen from here, of the namespace's first process: what the keeper's `unshare` forked. */
async function firstProcess(child: ChildProcess, complaints: () => string): Promise<number> {
  return until(async () => {
    if (child.exitCode !== null) throw new Error(`The private systemd could not be started: ${complaints()}`);
    const unshare = await onlyChild(child.pid ?? 0);
    const pid = unshare === 0 ? 0 : await onlyChild(unshare);
    return pid !== 0 && (await readFile(`/proc/${pid}/comm`, 'utf8')).trim() === 'systemd' && pid;
  }, 'the private systemd to be there');
}

async function onlyChild(parent: number): Promise<number> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  return Number(children.trim().split(' ')[0]);
}

async function startUserManager(
  runFolder: string,
  unit: PrivateSystemd['unit'],
  inside: PrivateSystemd['inside'],
): Promise<PrivateUserManager> {
  const runtimeFolder = join(runFolder, 'user', String(plainUser));
  const units = join(runtimeFolder, 'systemd/user');
  await mkdir(units, { recursive: true });
  for (const folder of [runtimeFolder, join(runtimeFolder, 'systemd'), units])
    await chown(folder, plainUser, plainUser);
  // Under the name and in the slice of a real one: by these the journal knows whose a unit is.
  const service = `user@${plainUser}.service`;
  await unit(service, [
    '[Service]',
    'Type=notify',
    `User=${plainUser}`,
    `Slice=user-${plainUser}.slice`,
    'Delegate=yes',
    `Environment=XDG_RUNTIME_DIR=/run/user/${plainUser} HOME=/tmp`,
    'ExecStart=/lib/systemd/systemd --user --unit=basic.target',
  ]);
  await inside('systemctl', 'start', service);
  const systemctl = (...args: string[]) =>
    inside(
      'setpriv',
      ...['--reuid', String(plainUser), '--regid', String(plainUser), '--clear-groups'],
      ...['env', `XDG_RUNTIME_DIR=/run/user/${plainUser}`, 'systemctl', '--user', ...args],
    );
  await until(
    async () => /^(running|degraded)/.test(await systemctl('is-system-running')),
    'the user manager of a plain user to be up',
  );
  return {
    runtimeFolder,
    uid: plainUser,
    systemctl,
    async unit(file, lines) {
      await writeFile(join(units, file), `${lines.join('\n')}\n`);
      await systemctl('daemon-reload');
    },
  };
}
