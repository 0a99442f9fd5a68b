/**
 * A tiny strict SMTP server on a loopback port: commands in order or 503, envelope checked, and what it was given.
 *
 *   const smtp = await startSmtp({ login: { user: 'orbit', password: 'secret' } });
 *   // point at smtp.url
 *   smtp.fail({ on: 'DATA', with: '451 try later' });      // once
 *   smtp.mails[0]?.subject
 */
import { createServer, type Socket } from 'node:net';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: ReadonlyMap<string, string>;
  readonly raw: string;
  /** Decoded. */
  readonly subject: string;
  /** The plain part, decoded. */
  readonly text: string;
}

/** `hangUp`: takes the mail, then breaks the connection instead of saying so. */
export type SmtpFault =
  | { readonly on: 'MAIL' | 'RCPT' | 'DATA' | 'END'; readonly with: string }
  | { readonly on: 'END'; readonly with: 'hangUp' };

export interface SmtpWorld {
  readonly url: string;
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Logins that were refused. */
  readonly refused: number;
  /** The next time it comes to that command it is answered so. */
  fail(fault: SmtpFault): void;
  stop(): Promise<void>;
}

type Step = 'hello' | 'ready' | 'from' | 'to' | 'data';

export async function startSmtp(
  options: { readonly login?: { readonly user: string; readonly password: string } } = {},
): Promise<SmtpWorld> {
  const { login } = options;
  const mails: Mail[] = [];
  const faults: SmtpFault[] = [];
  const sockets = new Set<Socket>();
  const world = { refused: 0 };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    let step: Step = 'hello';
    let known = login === undefined;
    let from = '';
    let to: string[] = [];
    let buffer = '';
    const say = (line: string) => void socket.write(`${line}\r\n`);
    const fault = (on: SmtpFault['on']) => {
      const index = faults.findIndex((each) => each.on === on);
      return index < 0 ? null : (faults.splice(index, 1)[0] ?? null);
    };
    say('220 test ESMTP');

    /** The answer to a whole mail; null: the line breaks instead. */
    const finish = (raw: string): string | null => {
      const failed = fault('END');
      if (failed !== null && failed.with !== 'hangUp') return failed.with;
      mails.push(parse(from, to, raw));
      step = 'ready';
      [from, to] = ['', []];
      return failed === null ? '250 taken' : null;
    };

    const logIn = (coded: string): string => {
      const [, user, password] = Buffer.from(coded, 'base64').toString().split('\0');
      known = user === login?.user && password === login?.password;
      if (!known) world.refused += 1;
      return known ? '235 welcome' : '535 wrong login';
    };

    /** Moves on to the next step unless this one is to fail. */
    const envelope = (verb: 'MAIL' | 'RCPT' | 'DATA', next: Step, line: string): string => {
      const failed = fault(verb);
      if (failed !== null) return failed.with;
      if (verb === 'MAIL') from = address(line);
      if (verb === 'RCPT') to.push(address(line));
      step = next;
      return verb === 'DATA' ? '354 go on' : '250 ok';
    };

    const command = (line: string): string => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'QUIT') return '221 bye';
      if (verb === 'EHLO' || verb === 'RSET') {
        step = 'ready';
        return verb === 'EHLO' && login !== undefined ? '250-test\r\n250 AUTH PLAIN' : '250 ok';
      }
      if (verb === 'AUTH') return logIn(line.split(' ')[2] ?? '');
      if (!known) return '530 log in first';
      if (verb === 'MAIL' && step === 'ready') return envelope('MAIL', 'from', line);
      if (verb === 'RCPT' && (step === 'from' || step === 'to')) return envelope('RCPT', 'to', line);
      if (verb === 'DATA' && step === 'to') return envelope('DATA', 'data', line);
      return '503 not now';
    };

    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffer += chunk;
      for (;;) {
        const end = step === 'data' ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const piece = buffer.slice(0, end);
        buffer = buffer.slice(end + (step === 'data' ? 5 : 2));
        const answer = step === 'data' ? finish(piece) : command(piece);
        if (answer === null) socket.destroy();
        else say(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const who = login === undefined ? '' : `${login.user}:${login.password}@`;
  return {
    url: `smtp://${who}127.0.0.1:${port}`,
    port,
    mails,
    get refused() {
      return world.refused;
    },
    fail: (fault) => void faults.push(fault),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function address(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

function headersOf(block: string): Map<string, string> {
  const unfolded = block.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return new Map(
    unfolded.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.replace(/^[^:]*:\s*/, '')]),
  );
}

function parse(from: string, to: readonly string[], raw: string): Mail {
  const headers = headersOf(raw.slice(0, raw.indexOf('\r\n\r\n')));
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = boundary === undefined ? [raw] : raw.split(`--${boundary}`);
  const plain = parts.find((part) => /content-type: text\/plain/i.test(part)) ?? '';
  return { from, to, headers, raw, subject: words(headers.get('subject') ?? ''), text: body(plain) };
}

function words(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, coded: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(coded, 'base64').toString() : quoted(coded.replaceAll('_', ' ')),
    );
}

function quoted(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

function body(part: string): string {
  const head = part.slice(0, part.indexOf('\r\n\r\n'));
  const text = part.slice(part.indexOf('\r\n\r\n') + 4);
  if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString();
  return /quoted-printable/i.test(head) ? quoted(text) : text;
}
