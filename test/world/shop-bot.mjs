/**
 * A stand-in for the shop bot: a service that runs, logs, answers its health check, and misbehaves on request.
 * Plain Node, no dependencies, no build:
 *
 *   node test/world/shop-bot.mjs --port 5000
 *   curl -X POST 'http://127.0.0.1:5000/do/crash?code=1'
 *
 * GET  /health                  200 {"status":"ok"}, or as told by /do/error and /do/slow
 * POST /do/crash?code=1         a traceback and that exit code; ?signal=SIGKILL dies of a signal instead
 * POST /do/hang                 stops answering HTTP and stops logging; signals still work
 * POST /do/freeze               the whole process stands still and hears no signal but SIGKILL
 * POST /do/leak?mb=10           takes that much memory and keeps it
 * POST /do/log?text=...         writes it; ?level=ERROR, ?times=1
 * POST /do/slow?ms=2000         /health takes that long
 * POST /do/error                /health says 500
 * POST /do/heal                 ends slow and error
 *
 * --port N               0: any free one, said in the log; without it no HTTP
 * --log-every MS         default 3000
 * --crash-after MS       exits by itself with --exit-code N (default 1)
 * --ignore-term          neither SIGTERM nor SIGINT stop it
 * --spawn-child          starts a child that nobody stops, in its own process group
 * --spawn-setsid-child   the same in a session of its own
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string' },
    'log-every': { type: 'string', default: '3000' },
    'crash-after': { type: 'string' },
    'exit-code': { type: 'string', default: '1' },
    'ignore-term': { type: 'boolean', default: false },
    'spawn-child': { type: 'boolean', default: false },
    'spawn-setsid-child': { type: 'boolean', default: false },
  },
});

let hangs = false;
let healthDelay = 0;
let healthFails = false;
const leaked = [];

// Whoever read the log may be gone; that is no reason to die.
process.stdout.on('error', () => {});

function log(level, logger, text) {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  const time = local.toISOString().slice(0, 19).replace('T', ' ');
  process.stdout.write(`${time} | ${level.padEnd(8)} | ${logger} | ${text}\n`);
}

const chatter = [
  ['app.handlers.start', () => `User ${someId()} opened the main menu`],
  ['app.payments', () => `Invoice ${someId()} paid, 1 month`],
  ['app.marzban', () => `Subscription of user ${someId()} extended by 30 days`],
  ['app.middlewares.throttling', () => `Update handled in ${Math.ceil(Math.random() * 90)} ms`],
  ['app.tasks.expiry', () => `Checked ${Math.ceil(Math.random() * 400)} subscriptions, none expires today`],
];

function someId() {
  return Math.floor(100_000_000 + Math.random() * 900_000_000);
}

function crash(code, signal) {
  log('CRITICAL', 'app.main', 'Unhandled exception, the bot stops');
  process.stdout.write(
    'Traceback (most recent call last):\n  File "run.py", line 41, in main\n    await dispatcher.start_polling(bot)\nRuntimeError: asked to crash\n',
  );
  if (signal) process.kill(process.pid, signal);
  else process.exit(code);
}

const deeds = {
  crash: (query) => {
    // After the answer is out.
    setImmediate(() => crash(Number(query.get('code') ?? 1), query.get('signal')));
  },
  hang: () => {
    hangs = true;
  },
  freeze: () => {
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  },
  leak: (query) => {
    leaked.push(Buffer.alloc(Number(query.get('mb') ?? 10) * 1024 * 1024, 1));
  },
  log: (query) => {
    for (let n = 0; n < Number(query.get('times') ?? 1); n++) {
      log(query.get('level') ?? 'INFO', 'app.demo', query.get('text') ?? '');
    }
  },
  slow: (query) => {
    healthDelay = Number(query.get('ms') ?? 2000);
  },
  error: () => {
    healthFails = true;
  },
  heal: () => {
    healthDelay = 0;
    healthFails = false;
  },
};

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function handle(request, response) {
  if (hangs) return;
  const url = new URL(request.url, 'http://localhost');
  if (request.method === 'GET' && url.pathname === '/health') {
    setTimeout(() => {
      if (healthFails) answer(response, 500, { status: 'error' });
      else answer(response, 200, { status: 'ok' });
    }, healthDelay);
    return;
  }
  const deed = request.method === 'POST' && url.pathname.startsWith('/do/') && deeds[url.pathname.slice('/do/'.length)];
  if (!deed) {
    answer(response, 404, { status: 'not found' });
    return;
  }
  response.on('finish', () => deed(url.searchParams));
  answer(response, 200, { status: 'done', pid: process.pid });
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (flags['ignore-term']) {
      log('WARNING', 'app.main', `${signal} ignored`);
      return;
    }
    process.stdout.write('Bot stopped cleanly\n');
    process.exit(0);
  });
}

for (const [flag, detached] of [
  ['spawn-child', false],
  ['spawn-setsid-child', true],
]) {
  if (!flags[flag]) continue;
  const child = spawn('sleep', ['86400'], { detached, stdio: 'ignore' });
  child.unref();
  log('INFO', 'app.main', `${flag}: ${child.pid}`);
}

if (flags.port !== undefined) {
  const server = createServer(handle);
  server.on('error', (error) => {
    log('CRITICAL', 'app.web', error.message);
    process.exit(1);
  });
  server.listen(Number(flags.port), '127.0.0.1', () => {
    log('INFO', 'app.web', `Listening on 127.0.0.1:${server.address().port}`);
  });
}

setInterval(() => {
  if (hangs) return;
  const [logger, text] = chatter[Math.floor(Math.random() * chatter.length)];
  log('INFO', logger, text());
}, Number(flags['log-every']));

if (flags['crash-after'] !== undefined)
  setTimeout(() => crash(Number(flags['exit-code'])), Number(flags['crash-after']));

process.stdout.write('Bot started...\n');
