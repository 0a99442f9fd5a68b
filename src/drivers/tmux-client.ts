import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { baseEnvironment } from './environment.ts';

export type TmuxAnswer =
  | { readonly ok: true; readonly text: string }
  /**
   * `absent`: no server, or the server has no such session. `silent`: no answer in time. `refused`: anything else,
   * in tmux's own words.
   */
  | {
      readonly ok: false;
      readonly why: 'absent' | 'duplicate' | 'forbidden' | 'missing' | 'silent' | 'refused';
      readonly text: string;
    };

/** tmux answers within some ms; one that takes this long is stopped or swapped out. */
export const tmuxDeadlineMs = 5000;

/** Talks to the tmux server of one socket: a name (`-L`), a path (`-S`), or null for tmux's own default. */
export class Tmux {
  readonly socketPath: string;
  private readonly prefix: readonly string[];
  private readonly environment: Readonly<Record<string, string>>;

  constructor(socket: string | null) {
    const folder = join(process.env.TMUX_TMPDIR ?? '/tmp', `tmux-${process.getuid?.() ?? 0}`);
    this.socketPath = socket?.includes('/') ? socket : join(folder, socket ?? 'default');
    this.prefix = socket === null ? [] : [socket.includes('/') ? '-S' : '-L', socket];
    const place = process.env.TMUX_TMPDIR === undefined ? {} : { TMUX_TMPDIR: process.env.TMUX_TMPDIR };
    // A server that this starts hands its environment on to all its panes: nothing of the manager's may be in it. And
    // no TMUX: it would send the command to the server the manager itself was started in.
    this.environment = { ...baseEnvironment(), ...place, LC_ALL: 'C.UTF-8' };
  }

  run(...args: readonly string[]): Promise<TmuxAnswer> {
    return new Promise((resolve) => {
      execFile(
        'tmux',
        [...this.prefix, ...args],
        { env: this.environment, cwd: '/', timeout: tmuxDeadlineMs, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          if (!error) resolve({ ok: true, text: stdout });
          else if (error.code === 'ENOENT') resolve({ ok: false, why: 'missing', text: '' });
          else if (error.killed) resolve({ ok: false, why: 'silent', text: '' });
          else resolve({ ok: false, why: meaning(stderr), text: stderr.trim() });
        },
      );
    });
  }
}

/** tmux has one exit code for everything; its words (of 2.9 to 3.5) tell apart. */
function meaning(stderr: string): 'absent' | 'duplicate' | 'forbidden' | 'refused' {
  if (/permission denied|access not allowed/i.test(stderr)) return 'forbidden';
  if (/^duplicate session/m.test(stderr)) return 'duplicate';
  if (/no server running|error connecting to .*(No such file|Connection refused)/i.test(stderr)) return 'absent';
  if (
    /(can't find|no such) (session|window|pane)|no current target|session not found|lost server|server exited/i.test(
      stderr,
    )
  )
    return 'absent';
  return 'refused';
}

/** One pane as `list-panes` tells of it. */
export interface Pane {
  readonly id: string;
  readonly pid: number;
  readonly dead: boolean;
  /** Of a dead pane; both null for a moment after the death, and where tmux does not know. */
  readonly status: number | null;
  readonly signal: number | null;
  /** Epoch ms. */
  readonly diedAt: number | null;
  readonly command: string;
}

const fields = ['id', 'pid', 'dead', 'dead_status', 'dead_signal', 'dead_time', 'start_command'];
export const paneFormat = fields.map((field) => `#{pane_${field}}`).join('\t');

/** Strict: a line that is not one of ours (a start command may hold line breaks) is not a pane. */
export function parsePanes(text: string): Pane[] {
  const panes: Pane[] = [];
  for (const line of text.split('\n')) {
    const match = /^(%\d+)\t(\d+)\t([01]?)\t(\d*)\t(\d*)\t(\d*)\t(.*)$/.exec(line);
    if (!match) continue;
    const [, id = '', pid, dead, status, signal, diedAt, command = ''] = match;
    panes.push({
      id,
      pid: Number(pid),
      dead: dead === '1',
      status: status ? Number(status) : null,
      signal: signal ? Number(signal) : null,
      diedAt: diedAt ? Number(diedAt) * 1000 : null,
      command,
    });
  }
  return panes;
}
