import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HttpError } from 'grammy';
import { createLogger, type Logger } from '../src/logger.ts';

const token = `7000000001:${'AbCdEf-_12'.repeat(3)}Xyz42`;
const password = 'pa55-w0rd-of-the-panel';

function record(format: 'json' | 'text', write: (log: Logger) => void): string {
  let text = '';
  const to = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLogger({ level: 'trace', format, to }));
  return text;
}

/** Every way in which something gets into a line that we could think of. */
function leak(log: Logger): void {
  const url = `https://api.telegram.org/bot${token}/getMe`;
  const refused = new Error(`request to ${url} failed, reason: connect ECONNREFUSED`);
  const unreachable = new HttpError("Network request for 'getMe' failed!", refused);
  log.info(url);
  log.info({ url, nested: { deep: [{ url }] } }, 'asked %s', url);
  log.error(unreachable);
  log.error({ err: unreachable }, 'Telegram is away');
  log.error({ error: unreachable });
  log.error({ err: new Error('outer', { cause: new Error('middle', { cause: refused }) }) });
  log.error({ err: new AggregateError([refused, unreachable], 'all tries failed') });
  log.error({
    err: Object.assign(new Error('odd'), { request: { headers: { authorization: `Bearer ${password}` } } }),
  });
  log.error({ err: url });
  log.child({ url }).warn('child');
  log.child({}, { msgPrefix: `${url} ` }).warn('prefix');
  log.warn({ [url]: 1 }, 'key');
  log.warn({ database: `postgresql://orbit:${password}@db:5432/shop`, redis: `redis://:${password}@localhost` });
  log.warn(`login with password=${password} failed`);
  log.warn({
    password,
    MARZBAN_PASSWORD: password,
    apiKey: password,
    http_token: password,
    body: JSON.stringify({ password }),
  });
}

for (const format of ['json', 'text'] as const) {
  test(`no secret in anything that is written as ${format}`, () => {
    const text = record(format, leak);
    const secret = token.slice(token.indexOf(':') + 1);
    assert.ok(
      !text.includes(secret),
      text.split('\n').find((line) => line.includes(secret)),
    );
    assert.ok(
      !text.includes(password),
      text.split('\n').find((line) => line.includes(password)),
    );
    for (const word of [
      'ECONNREFUSED',
      'Telegram is away',
      'middle',
      'all tries failed',
      'postgresql://orbit:',
      '7000000001:',
    ])
      assert.ok(text.includes(word), `${word} is what helps, and has to stay`);
  });
}

describe('json', () => {
  test('each line is an object with a level in words and a time', () => {
    const lines = record('json', leak).trimEnd().split('\n');
    assert.equal(lines.length, 15);
    for (const line of lines) {
      const { level, time } = JSON.parse(line);
      assert.match(level, /^(info|warn|error)$/);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
  });

  test('an error keeps its type and stack', () => {
    const { err, msg } = JSON.parse(record('json', (log) => log.error({ err: new TypeError('odd') }, 'it broke')));
    assert.equal(msg, 'it broke');
    assert.equal(err.type, 'TypeError');
    assert.match(err.stack, /^TypeError: odd\n {4}at /);
  });

  test('numbers, nulls and lists come through as they are', () => {
    const given = { n: 1.5, yes: true, nothing: null, list: [1, 'two', { three: 3 }] };
    const { level: _, time: __, ...fields } = JSON.parse(record('json', (log) => log.info(given)));
    assert.deepEqual(fields, given);
  });

  test('what cannot be written in JSON does not break the caller', () => {
    const circle: Record<string, unknown> = { big: 10n };
    circle.self = circle;
    assert.match(
      record('json', (log) => log.info(circle, 'odd')),
      /odd/,
    );
  });
});

describe('text', () => {
  test('one line for people, fields behind, the stack below', () => {
    const text = record('text', (log) =>
      log.error({ err: new Error('odd'), service: 'redis', why: 'two words' }, 'it broke'),
    );
    assert.match(text, /^\S+Z ERROR it broke service=redis why="two words"\n {4}Error: odd\n {8}at /);
  });

  test('a line break in a message cannot fake a line', () => {
    assert.equal(
      record('text', (log) => log.info({ name: 'a\nb' }, 'one\ntwo'))
        .trimEnd()
        .split('\n').length,
      1,
    );
  });
});

test('below the level nothing is written', () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', format: 'json', to: { write: (line) => void lines.push(line) } });
  log.info('quiet');
  log.warn('loud');
  assert.equal(lines.length, 1);
});

/** A process that writes to its real stdout; gives its exit code and what came. */
async function child(
  body: string,
  out: 'pipe' | number = 'pipe',
): Promise<{ readonly code: number | null; readonly text: string }> {
  const logger = new URL('../src/logger.ts', import.meta.url).href;
  const program = `import { createLogger } from '${logger}';
    const log = createLogger({ level: 'info', format: 'json' });
    ${body}`;
  const started = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
    {
      stdio: ['ignore', out, 'inherit'],
    },
  );
  let text = '';
  started.stdout?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => started.on('close', resolve));
  return { code, text };
}

test('the last lines are written, however the process ends', async () => {
  for (const ending of ['', 'process.exit(0);', 'process.on("uncaughtException", () => process.exit(0)); throw 1;']) {
    for (const count of [1, 5000]) {
      const { text } = await child(`for (let i = 1; i <= ${count}; i++) log.info({ i }, 'line'); ${ending}`);
      const lines = text.trimEnd().split('\n');
      assert.equal(lines.length, count, ending);
      assert.equal(JSON.parse(lines.at(-1) ?? '').i, count, ending);
    }
  }
});

test('a full disk behind stdout does not end the manager', async () => {
  const body = `for (let i = 0; i < 5; i++) { log.info('x'); await new Promise((resolve) => setTimeout(resolve, 20)); }
    process.stderr.write(''); process.kill(process.pid, 'SIGTERM');`;
  const { code } = await child(
    `process.on('SIGTERM', () => process.reallyExit(7)); ${body} setInterval(() => {}, 1000);`,
    openSync('/dev/full', 'w'),
  );
  assert.equal(code, 7);
});

test('a reader that has stopped reading does not stop the manager', { timeout: 30_000 }, async ({ signal }) => {
  const logger = new URL('../src/logger.ts', import.meta.url).href;
  const program = `import { createLogger } from '${logger}';
    const log = createLogger({ level: 'info', format: 'json' });
    for (let i = 0; i < 2000; i++) log.info({ padding: 'x'.repeat(10_000) });
    process.stderr.write('still here');
    setTimeout(() => process.stderr.write(', and its timers turn', () => process.kill(process.pid, 'SIGKILL')), 50);`;
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program];
  const stuck = spawn(process.execPath, args, { signal, killSignal: 'SIGKILL' });
  let said = '';
  stuck.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await new Promise((resolve) => stuck.on('exit', resolve));
  stuck.stdout.destroy();
  assert.equal(said, 'still here, and its timers turn');
});
