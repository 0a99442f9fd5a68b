import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { until } from './manager.ts';

/** Debian packages that the private engine needs. */
const packages = 'docker.io iptables busybox-static';
/** What the tests' image holds; all of it is one static program. */
const programs = ['sh', 'sleep', 'echo', 'cat', 'true', 'kill', 'tail', 'test', 'touch'];

/** A Docker engine of the tests' own: a private socket, no bridge, no rules in the firewall, one image. */
export interface PrivateDocker {
  readonly socket: string;
  /** Any question to its API; resolves with the answer's JSON, rejects with what it refuses. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Makes a container that runs one line of shell; not started. */
  create(name: string, script: string, more?: ContainerMore): Promise<void>;
  /** Ends the engine as a shutdown of the machine would, and starts it again. */
  restart(): Promise<void>;
  /** Ends it and all its containers; nothing of it stays. */
  end(): Promise<void>;
}

/** As in the body of the engine's "create a container". */
export interface ContainerMore {
  readonly HostConfig?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/**
 * Beside the engine, in a mount namespace of its own with it: ends it when its own input ends (so also when the test is
 * killed), and takes away the control groups of its containers.
 */
const keeper = `
top=$1 name=$2
shift 2
"$@" >"$top/log" 2>&1 </dev/null &
engine=$!
read -r _ || :
kill -TERM "$engine" 2>/dev/null
wait "$engine"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  find /sys/fs/cgroup -maxdepth 2 -type d -name "$name" | while read -r group; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
  [ -n "$(find /sys/fs/cgroup -maxdepth 2 -type d -name "$name")" ] || exit 0
  sleep 0.2
done
exit 1
`;

/** Starts one; about three seconds. Rejects with what is missing where it cannot. */
export async function startDocker(): Promise<PrivateDocker> {
  const missing = ['/usr/sbin/dockerd', '/bin/busybox', '/usr/sbin/iptables'].filter((path) => !executable(path));
  if (missing.length > 0)
    throw new Error(
      `Not on this machine: ${missing.join(', ')}. Needed: apt-get install --no-install-recommends ${packages}`,
    );
  if (process.getuid?.() !== 0) throw new Error('A private Docker engine needs root: run this suite as root or on CI');

  const top = await mkdtemp(join(tmpdir(), 'orbit-docker-'));
  const name = top.slice(top.lastIndexOf('/') + 1);
  const socket = join(top, 'docker.sock');
  let engine = await startEngine(top, name, socket);

  async function api(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, answer } = await ask(socket, method, path, body === undefined ? '' : JSON.stringify(body));
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${answer}`);
    return answer === '' ? null : JSON.parse(answer);
  }

  async function end(): Promise<void> {
    await engine.end();
    await rm(top, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    await importImage(top, socket);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    socket,
    api,
    async create(container, script, more = {}) {
      const HostConfig = { NetworkMode: 'none', ...more.HostConfig };
      const body = { Image: 'orbit-test:1', StopTimeout: 1, Cmd: ['sh', '-c', script], ...more, HostConfig };
      await api('POST', `/containers/create?name=${container}`, body);
    },
    async restart() {
      await engine.end();
      engine = await startEngine(top, name, socket);
    },
    end,
  };
}

async function startEngine(top: string, name: string, socket: string) {
  const command = [
    'dockerd',
    `--data-root=${top}/data`,
    `--exec-root=${top}/exec`,
    `--host=unix://${socket}`,
    `--pidfile=${top}/pid`,
    `--cgroup-parent=/${name}`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--bridge=none',
    '--storage-driver=vfs',
    '--shutdown-timeout=2',
  ];
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', keeper, 'sh', top, name, ...command],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      // containerd writes there when it is ended in a hurry.
      env: { ...process.env, TMPDIR: top },
    },
  );
  const gone = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const end = async () => {
    child.stdin.destroy();
    await gone;
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error('The private Docker engine ended');
        return (await ask(socket, 'GET', '/_ping', '').catch(() => null))?.status === 200;
      },
      'the private Docker engine to be up',
      30_000,
    );
  } catch (error) {
    await end();
    throw error;
  }
  return { end };
}

/** An image of a static busybox, out of nothing: there is no registry. */
async function importImage(top: string, socket: string): Promise<void> {
  const root = join(top, 'image');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'tmp'));
  await cp('/bin/busybox', join(root, 'bin/busybox'), { dereference: true });
  for (const program of programs) await symlink('busybox', join(root, 'bin', program));
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const path = '/images/create?fromSrc=-&repo=orbit-test&tag=1';
  const { status, answer } = await ask(socket, 'POST', path, tar.stdout);
  await rm(root, { recursive: true });
  if (status !== 200) throw new Error(`The image was refused: ${answer}`);
}

function ask(socketPath: string, method: string, path: string, body: string | NodeJS.ReadableStream) {
  return new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const headers = {
      host: 'docker',
      'content-type': typeof body === 'string' ? 'application/json' : 'application/x-tar',
    };
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (incoming) => {
      text(incoming).then((answer) => resolve({ status: incoming.statusCode ?? 0, answer }), reject);
    });
    outgoing.on('error', reject);
    if (typeof body === 'string') outgoing.end(body);
    else body.pipe(outgoing);
  });
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
