import { type Reason, reason } from '../core/reason.ts';
import { type Ended, killListed } from './end-tree.ts';
import { quote } from './launch.ts';
import { roleOf } from './pane-process.ts';
import { isAlive, readArguments } from './proctree.ts';
import { readNow } from './pulse.ts';
import { waitUntil } from './terminate.ts';
import { type Pane, paneFormat, parsePanes, Tmux, type TmuxAnswer, tmuxDeadlineMs } from './tmux-client.ts';
import { serverWithoutSocket } from './tmux-socket.ts';

export type Seen =
  | { readonly state: 'there'; readonly panes: readonly Pane[] }
  | { readonly state: 'none' }
  /** `fatal`: asking again cannot help until somebody changes something. */
  | { readonly state: 'unknown'; readonly fatal: boolean; readonly reason: Reason };

/** Where a service can be started: in a new session, or beside a person's shell in the one that is there. */
export type Room =
  | { readonly ok: true; readonly where: readonly string[] }
  | { readonly ok: false; readonly fatal: boolean; readonly reason: Reason };

export type Opened =
  | { readonly ok: true; readonly pane: string; readonly pid: number }
  | { readonly ok: false; readonly fatal: boolean; readonly reason: Reason };

/** From a session's end to that of the shells in it. */
const hangUpMs = 1000;

/** One tmux session by its exact name. No other session of the server is ever touched. */
export class TmuxSession {
  private readonly tmux: Tmux;
  private readonly name: string;
  private readonly target: string;

  constructor(socket: string | null, name: string) {
    this.tmux = new Tmux(socket);
    this.name = name;
    // Without the equals sign tmux takes any session that begins so; without the colon some commands want a window.
    this.target = `=${name}:`;
  }

  async look(): Promise<Seen> {
    const answer = await this.tmux.run('list-panes', '-s', '-t', this.target, '-F', paneFormat);
    if (answer.ok) return { state: 'there', panes: parsePanes(answer.text) };
    if (answer.why !== 'absent') return { state: 'unknown', fatal: isFatal(answer), reason: this.say(answer) };
    const socket = this.tmux.socketPath;
    const server = answer.text.includes('No such file') ? serverWithoutSocket(socket) : null;
    if (server === null) return { state: 'none' };
    const lost = reason('tmux-socket-lost', { pid: String(server), socket });
    return { state: 'unknown', fatal: false, reason: lost };
  }

  /**
   * Looks once more after having tmux run something of its own. Of a process that ends together with its terminal
   * tmux (3.3a: every second time) never collects the status, until the end of another child makes it look.
   */
  async lookAfterCollecting(): Promise<Seen> {
    await this.tmux.run('run-shell', ':');
    return this.look();
  }

  /**
   * Deals with what an earlier life left of the session. A shell in which somebody types stays, and the service gets
   * a window beside it; a program that is not the service is not touched, and nothing is started over it.
   */
  async makeRoom(): Promise<Room> {
    const seen = await this.look();
    if (seen.state === 'unknown') return { ok: false, fatal: seen.fatal, reason: seen.reason };
    const panes = seen.state === 'there' ? seen.panes : [];
    const living = panes.filter((pane) => !pane.dead);
    const roles = living.map((pane) => roleOf(readArguments(pane.pid) ?? []));
    if (roles.includes('program'))
      return { ok: false, fatal: true, reason: reason('tmux-program-not-seen', { session: this.name }) };
    if (living.length > 0 && roles.every((role) => role === 'interactive-shell')) {
      for (const pane of panes) if (pane.dead) await this.tmux.run('kill-pane', '-t', pane.id);
      return { ok: true, where: ['new-window', '-t', this.target] };
    }
    const closed = await this.close();
    if (!closed.ok) return { ok: false, fatal: false, reason: closed.reason };
    return { ok: true, where: ['new-session', '-d', '-x', '200', '-y', '50', '-s', this.name] };
  }

  /** Runs a shell script in a pane that stays after its end, and copies what it shows to `output`. */
  async open(where: readonly string[], cwd: string, script: string, output: string): Promise<Opened> {
    // One sequence: tmux reads nothing from the pane before all of it is done, so that no line is lost.
    const sequence = [
      ...[...where, '-c', literal(cwd), '-P', '-F', '#{pane_id}\t#{pane_pid}'],
      // Away with the variables of whoever started the tmux server.
      ...['/usr/bin/env', '-i', '/bin/sh', script, ';'],
      ...['set-option', '-w', '-t', this.target, 'remain-on-exit', 'on', ';'],
      // Somebody's tmux.conf may ask for sessions to go when nobody looks at them.
      ...['set-option', '-t', this.target, 'destroy-unattached', 'off', ';'],
      ...['pipe-pane', '-t', this.target, literal(`exec cat >>${quote(output)}`)],
    ];
    let answer = await this.tmux.run(...sequence);
    // A server whose last session has just ended is leaving while it still answers the door; the next one is anew.
    for (let tries = 1; tries < OPEN_TRIES && !answer.ok && answer.why === 'absent'; tries += 1)
      answer = await this.tmux.run(...sequence);
    if (!answer.ok) return { ok: false, fatal: isFatal(answer), reason: this.say(answer) };
    const [pane = '', pid] = answer.text.trim().split('\t');
    return { ok: true, pane, pid: Number(pid) };
  }

  /** Ends exactly this session; what ignores its hang-up is killed. */
  async close(): Promise<Ended> {
    const seen = await this.look();
    if (seen.state === 'unknown') return { ok: false, reason: seen.reason };
    if (seen.state === 'none') return { ok: true, killed: [] };
    const table = readNow();
    const members = seen.panes.filter((pane) => !pane.dead).flatMap((pane) => table.below(pane.pid));
    const answer = await this.tmux.run('kill-session', '-t', this.target);
    if (!answer.ok && answer.why !== 'absent') return { ok: false, reason: this.say(answer) };
    const left = () => members.filter(isAlive);
    await waitUntil(() => left().length === 0, hangUpMs);
    return killListed(async () => left());
  }

  private say(answer: Extract<TmuxAnswer, { ok: false }>): Reason {
    if (answer.why === 'missing') return reason('tmux-missing');
    if (answer.why === 'forbidden') return reason('tmux-forbidden', { socket: this.tmux.socketPath });
    if (answer.why === 'silent') return reason('tmux-silent', { seconds: tmuxDeadlineMs / 1000 });
    return reason('tmux-refused', { text: answer.text.slice(0, 200) });
  }
}

/** Tries to open a session while a tmux server is on its way out, which takes it some ms. */
const OPEN_TRIES = 3;

function isFatal(answer: Extract<TmuxAnswer, { ok: false }>): boolean {
  return answer.why === 'missing' || answer.why === 'forbidden';
}

/** `#` and `%` begin tmux's own formats. */
function literal(text: string): string {
  return text.replaceAll('#', '##').replaceAll('%', '%%');
}
