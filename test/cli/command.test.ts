import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { alertsSchema, snapshotSchema } from '../../src/cli/protocol.ts';
import { openStore } from '../../src/store/database.ts';
import { program } from '../world/program.ts';
import { snapshot } from './fake-control.ts';

const folder = mkdtempSync(join(tmpdir(), 'orbit-command-'));
const managers: ChildProcess[] = [];
after(() => {
  for (const manager of managers) manager.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a shell would run it, in an empty folder, with nothing of our own environment but what is given. */
function orbit(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = folder): Promise<Ended> {
  return ended(command(args, env, cwd));
}

function command(args: readonly string[], env: Readonly<Record<string, string>>, cwd = folder, out?: number) {
  return spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', out ?? 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** A data folder in which a manager answers; its actions end as `how` says. */
async function managed(name: string, how = 'well'): Promise<{ readonly ORBIT_DATA_DIR: string }> {
  const data = join(folder, name);
  mkdirSync(data, { mode: 0o700 });
  const script = new URL('./manager-process.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), script, join(data, 'control.sock'), how],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  managers.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    assert.equal(line, 'listening');
    break;
  }
  return { ORBIT_DATA_DIR: data };
}

let well: { readonly ORBIT_DATA_DIR: string };
let failing: { readonly ORBIT_DATA_DIR: string };
let needy: { readonly ORBIT_DATA_DIR: string };
before(async () => {
  const all = [managed('well'), managed('failing', 'fail'), managed('needy', 'needy')] as const;
  [well, failing, needy] = await Promise.all(all);
});

test('without a manager: one line that says how to start it, exit 3', async () => {
  const data = join(folder, 'empty');
  const { code, out, err } = await orbit(['status'], { ORBIT_DATA_DIR: data });
  assert.equal(code, 3);
  assert.equal(out, '');
  assert.match(
    err,
    /^No manager is running: nothing answers at .*empty\/control\.sock\. Start it with “orbit run”.*\n$/,
  );
  const json = await orbit(['restart', 'redis', '--json'], { ORBIT_DATA_DIR: data });
  assert.equal(json.code, 3);
  assert.equal(json.err, '');
  assert.equal(JSON.parse(json.out).error.code, 'no-manager');
});

test('status for people: worst first, no colours in a pipe', async () => {
  const { code, out, err } = await orbit(['status'], well);
  assert.equal(code, 0);
  assert.equal(err, '');
  assert.match(
    out,
    /^healthy {2}vps1, manager 1\.2\.3, up 1m 30s, 1 open alert\n\nSERVICE .*\nshop_bot .*\nredis .*\n\nOpen alerts:\nID .*\n1 +error +shop_bot .*\n$/,
  );
  assert.doesNotMatch(out, /\p{Cc}(?<!\n)/u);
});

test('status for scripts is the snapshot', async () => {
  const { code, out } = await orbit(['status', '--json'], well);
  assert.equal(code, 0);
  assert.deepEqual(snapshotSchema.parse(JSON.parse(out)), snapshot());
});

test('the language follows the terminal', async () => {
  const { out } = await orbit(['status'], { ...well, LANG: 'en_US.UTF-8', LC_ALL: 'ru_RU.UTF-8' });
  assert.match(out, /^здоров {2}vps1, менеджер 1\.2\.3, работает 1 мин 30 с, 1 открытая тревога\n/);
});

test('the data folder is found through .env, without a token or a configuration', async () => {
  const cwd = join(folder, 'installed');
  mkdirSync(cwd);
  writeFileSync(join(cwd, '.env'), `ORBIT_DATA_DIR=../well\n`);
  assert.equal((await orbit(['status'], {}, cwd)).code, 0);
});

test('an action that worked: said with how long it took', async () => {
  for (const [verb, word] of [
    ['start', 'started'],
    ['stop', 'stopped'],
    ['restart', 'restarted'],
  ] as const) {
    const { code, out, err } = await orbit([verb, 'redis'], well);
    assert.deepEqual({ code, out, err }, { code: 0, out: `redis was ${word} in 1.2s.\n`, err: '' });
  }
});

test('an action that failed: the reason, exit 1', async () => {
  const { code, out, err } = await orbit(['restart', 'redis'], failing);
  assert.equal(code, 1);
  assert.equal(out, '');
  assert.match(
    err,
    /^redis was not restarted: The manager is talking to too many commands at once\..* \(after 0\.3s\)\n$/,
  );
  const json = await orbit(['restart', 'redis', '--json'], failing);
  assert.equal(json.code, 1);
  const said = JSON.parse(json.out);
  assert.equal(said.ok, false);
  assert.match(said.message, /too many commands/);
});

test('a mistyped service: the nearest name, exit 2', async () => {
  const { code, err } = await orbit(['stop', 'rediss'], well);
  assert.equal(code, 2);
  assert.equal(err, 'There is no service “rediss”. Did you mean “redis”?\n');
});

test('stop --all: each one is told of, exit 1 when one stays', async () => {
  const { code, out, err } = await orbit(['stop', '--all'], well);
  assert.equal(code, 1);
  assert.equal(out, 'redis was stopped in 0s.\n');
  assert.match(err, /^shop_bot was not stopped: /);
});

test('start, stop and restart need a service or --all, not both', async () => {
  for (const verb of ['start', 'stop', 'restart'])
    for (const args of [[verb], [verb, 'redis', '--all']]) {
      const { code, err } = await orbit(args, well);
      assert.deepEqual({ code, err }, { code: 2, err: `Say which service to ${verb}, or --all.\n` });
    }
});

test('a start whose dependency is down: said, exit 1, and how to go on; two options say which', async () => {
  const [asked, json, forced, first, both] = await Promise.all([
    orbit(['start', 'redis'], needy),
    orbit(['restart', 'redis', '--json'], needy),
    orbit(['start', 'redis', '--force'], needy),
    orbit(['restart', 'redis', '--with-dependencies'], needy),
    orbit(['start', 'redis', '--with-dependencies', '--force'], needy),
  ]);
  assert.equal(asked.code, 1);
  assert.equal(
    asked.err,
    'redis was not started: it needs PostgreSQL, which is down (after 0s)\n' +
      'Nothing was done. --with-dependencies starts what it needs first; --force does without.\n',
  );
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.out).reason.code, 'needs-down');
  assert.match(forced.out, /^redis was started in 1.2s\. .*ignore/);
  assert.match(first.out, /^redis was restarted in 1.2s\. .*first/);
  assert.equal(both.code, 2);
});

test('logs: as many lines as asked for, and none of what moves a cursor', async () => {
  const { code, out } = await orbit(['logs', 'redis', '-n', '2'], well);
  assert.equal(code, 0);
  assert.equal(out, 'two\n[2Jthree\tcolumns\n');
  assert.equal((await orbit(['logs', 'redis', '-n', '0'], well)).code, 2);
});

test('alerts: open ones, with --all what was; for scripts everything', async () => {
  const [plain, all, scripts] = await Promise.all([
    orbit(['alerts'], failing),
    orbit(['alerts', '--all'], failing),
    orbit(['alerts', '--all', '--json'], failing),
  ]);
  assert.equal(plain.code, 0);
  assert.match(plain.out, /^ID +LEVEL .*\n2 +critical +shop_bot +gave up +\S+( \S+)? +– +ended with exit code 1\n$/);
  assert.match(all.out, /\n\nThe last alerts that are over:\n.*\n1 +warning +redis /);
  const { open, past, mutes } = alertsSchema.parse(JSON.parse(scripts.out));
  assert.deepEqual([open.map(({ id }) => id), past.map(({ id }) => id), mutes], [[2], [1], []]);
});

test('ack: once; the second time says who has it, exit 1; the audit has both', async () => {
  const first = await orbit(['ack', '2'], { ...well, SUDO_USER: 'vera' });
  assert.deepEqual([first.code, first.out], [0, 'Alert 2 is yours now: it is not repeated, and everybody sees it.\n']);
  const again = await orbit(['ack', '2', '--json'], { ...well, SUDO_USER: 'oleg' });
  assert.equal(again.code, 1);
  assert.deepEqual(JSON.parse(again.out), {
    ok: false,
    reason: { code: 'already-acknowledged', args: { by: 'vera' } },
    message: 'vera has taken it on already',
  });
  const audit = await orbit(['audit'], well);
  assert.match(
    audit.out,
    /^WHEN .*\n\S+ \S+ +oleg +acknowledge +shop_bot +vera has taken .*\n\S+ \S+ +vera +acknowledge +shop_bot +done\n$/,
  );
});

test('mute, maintenance and unmute: what is done is said, and seen in the alerts', async () => {
  const [mute, work] = await Promise.all([
    orbit(['mute', 'redis', '1h30m'], well),
    orbit(['maintenance', 'all', '2h'], well),
  ]);
  assert.equal(mute.out, 'redis is muted for 1h 30m.\n');
  assert.equal(work.out, 'Maintenance of everything for 2h: no alerts, and the manager restarts nothing.\n');
  const shown = (await orbit(['alerts'], well)).out;
  assert.match(
    shown,
    /\nredis is muted for 1h (29|30)m.* more, by .*\nMaintenance of everything for (2h|1h 59m).* more/,
  );
  const [one, all] = await Promise.all([orbit(['unmute', 'redis'], well), orbit(['unmute', 'all'], well)]);
  assert.deepEqual([one.out, all.code], ['redis: unmuted.\n', 0]);
  const gone = await orbit(['unmute', 'redis'], well);
  assert.deepEqual([gone.code, gone.err], [1, 'Not done: it is not muted by itself\n']);
});

test('a wrong length of time, an unknown service, too long a mute: said, and nothing done', async () => {
  const [wrong, unknown, long, id] = await Promise.all([
    orbit(['mute', 'redis', 'soon'], well),
    orbit(['mute', 'redsi', '30m'], well),
    orbit(['mute', 'redis', '8d'], well),
    orbit(['ack', 'two'], well),
  ]);
  assert.deepEqual([wrong.code, unknown.code, long.code, id.code], [2, 2, 1, 2]);
  assert.match(wrong.err, /A length of time is needed, like 30m, 2h or 1d\./);
  assert.equal(unknown.err, 'There is no service “redsi”. Did you mean “redis”?\n');
  assert.equal(long.err, 'Not done: 7 days at most\n');
});

test('mistyped arguments: exit 2', async () => {
  const results = await Promise.all([orbit([]), orbit(['stauts']), orbit(['status', '--jsn']), orbit(['restart'])]);
  assert.deepEqual(
    results.map(({ code }) => code),
    [2, 2, 2, 2],
  );
  assert.match(results[1]?.err ?? '', /Did you mean status/);
});

test('help and version are no mistakes', async () => {
  const [help, version] = await Promise.all([orbit(['--help']), orbit(['--version'])]);
  assert.equal(help.code, 0);
  assert.match(help.out, /^Usage: orbit .*Commands:\n {2}run /s);
  assert.equal(version.code, 0);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
});

test('a reader that has enough is no error; a full disk is', async () => {
  const child = command(['logs', 'redis'], well);
  child.stdout?.destroy();
  assert.deepEqual(await ended(child), { code: 0, out: '', err: '' });
  assert.equal((await ended(command(['logs', 'redis'], well, folder, openSync('/dev/full', 'w')))).code, 1);
});

test('Ctrl-C during an action ends the waiting, and says that the action goes on', async () => {
  const env = await managed('slow', 'never');
  const child = command(['restart', 'redis'], env);
  const result = ended(child);
  const started = join(env.ORBIT_DATA_DIR, 'acting');
  const deadline = Date.now() + 20_000;
  while (!readdirSync(env.ORBIT_DATA_DIR).includes('acting')) {
    assert.ok(Date.now() < deadline, `${started} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGINT');
  assert.deepEqual(await result, {
    code: 130,
    out: '',
    err: 'The manager goes on with it; “orbit status” shows how it ends.\n',
  });
});

test('run with a bad configuration: every mistake on a line of its own, exit 2, nothing made', async () => {
  const cwd = join(folder, 'wrong');
  mkdirSync(join(cwd, 'config'), { recursive: true });
  writeFileSync(
    join(cwd, 'config/services.yaml'),
    'services:\n  shop:\n    driver: proces\n    command: [sleep, 1000]\n',
  );
  for (const args of [['run'], ['config', 'check']]) {
    const { code, out, err } = await orbit(args, {}, cwd);
    assert.equal(code, 2, err);
    assert.equal(out, '');
    const lines = err.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^config\/services\.yaml:3:13 services\.shop\.driver: /);
    assert.ok(
      lines.some((line) => line.startsWith('environment MANAGER_BOT_TOKEN: ')),
      err,
    );
    assert.ok(
      lines.some((line) => line.startsWith('environment ADMIN_CHAT_IDS: ')),
      err,
    );
  }
  assert.deepEqual(readdirSync(cwd), ['config']);
});

test('config check of a good one: ok, exit 0, the token not shown', async () => {
  const cwd = join(folder, 'right');
  mkdirSync(join(cwd, 'config'), { recursive: true });
  writeFileSync(
    join(cwd, 'config/services.yaml'),
    'services:\n  shop:\n    driver: process\n    command: [sleep, "1000"]\n    cwd: /\n',
  );
  const token = `123456:${'a'.repeat(35)}`;
  const env = { MANAGER_BOT_TOKEN: token, ADMIN_CHAT_IDS: '42' };
  const { code, out, err } = await orbit(['config', 'check'], env, cwd);
  assert.deepEqual({ code, out }, { code: 0, out: 'ok: 1 service\n' }, err);
  const json = await orbit(['config', 'check', '--json'], env, cwd);
  assert.equal(json.code, 0);
  assert.equal(JSON.parse(json.out).ok, true);
  assert.ok(![out, err, json.out, json.err].join('').includes(token));
  assert.deepEqual(readdirSync(cwd), ['config']);
});

test('doctor needs no manager, tells scripts by its exit code, and never shows a secret', async () => {
  const cwd = mkdtempSync(join(folder, 'doctor-'));
  mkdirSync(join(cwd, 'config'));
  writeFileSync(
    join(cwd, 'config/services.yaml'),
    'services: { shop: { driver: process, command: [no-such-program] } }',
  );
  const secret = `123:${'s'.repeat(35)}`;
  const env = { MANAGER_BOT_TOKEN: secret, ADMIN_CHAT_IDS: '7', TELEGRAM_API_ROOT: 'http://127.0.0.1:1' };
  const told = await orbit(['doctor', '--json'], env, cwd);
  assert.equal(told.code, 1);
  const { ok, findings } = JSON.parse(told.out);
  assert.equal(ok, false);
  for (const topic of ['node', 'config', 'telegram', 'services'])
    assert.ok(
      findings.some((finding: { topic: string }) => finding.topic === topic),
      topic,
    );
  const people = await orbit(['doctor'], { ...env, LANG: 'ru_RU.UTF-8' }, cwd);
  assert.equal(people.code, 1);
  assert.match(people.out, /✗ Telegram/);
  assert.match(people.out, / {4}→ /);
  assert.doesNotMatch(told.out + told.err + people.out + people.err, /ssssss/);
});

test('backup copies the data of a folder in which no manager runs, and says so when there is none', async () => {
  const cwd = mkdtempSync(join(folder, 'backup-'));
  const nothing = await orbit(['backup'], {}, cwd);
  assert.equal(nothing.code, 1);
  assert.match(nothing.err, /nothing to back up/);
  openStore(join(cwd, 'data')).close();
  const made = await orbit(['backup', 'copy.db', '--json'], {}, cwd);
  assert.equal(made.code, 0, made.err);
  assert.equal(JSON.parse(made.out).file, join(cwd, 'copy.db'));
  assert.equal((await orbit(['backup', 'copy.db'], {}, cwd)).code, 1);
});

test('top says who uses the machine, in a table or as JSON', async () => {
  const env = await managed('top');
  const { code, out } = await orbit(['top'], env);
  assert.equal(code, 0);
  assert.match(out, /^By CPU.*2.*\nPID +NAME +CPU .*\n4711 +python3 +98\.5 ?% +50 MB +2\.5 ?% +shop_bot\n\nBy memory/);
  assert.match(out, /\n815 +java +0 ?% +1 GB +50 ?% +–\nMeasured: 90 of 91 processes\n$/);
  const { byMemory } = JSON.parse((await orbit(['top', '--json'], env)).out);
  assert.deepEqual(byMemory[0].name, 'java');
  assert.equal((await orbit(['top'])).code, 3);
});
