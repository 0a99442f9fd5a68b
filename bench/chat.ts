/**
 * From a kill to the alert that Telegram accepted, and from a tap to its answer and to the edited screen, through the
 * whole manager. `npm run build && node --import tsx bench/chat.ts [kills] [taps]`
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, makeHome, TOKEN, until, VERA } from '../test/world/manager.ts';
import { startTelegram } from '../test/world/telegram/server.ts';
import { head, row } from './figures.ts';

const kills = Number(process.argv[2] ?? 50);
const taps = Number(process.argv[3] ?? 100);
const root = new URL('..', import.meta.url).pathname;

const telegram = await startTelegram({ token: TOKEN });
const vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: 'en' });
// A service for each kill: one that falls again and again would be flapping, and rightly quiet.
const names = Array.from({ length: kills }, (_, i) => `bot${i}`);
const home = await makeHome({
  services: Object.fromEntries(
    names.map((name) => [
      name,
      {
        command: ['sh', '-c', `echo $$ > ${name}.pid; exec sleep 100000`],
        restart_delay: 0,
        start_grace: '100ms',
        health_check_interval: '1h',
      },
    ]),
  ),
  monitoring: { alerts: { group_window: 0 } },
});
const manager = spawn(process.execPath, ['dist/main.js', 'run'], {
  cwd: root,
  env: environment(home, telegram.apiRoot),
  stdio: ['ignore', 'ignore', 'inherit'],
});

function pidOf(name: string): number | null {
  const file = join(home.folder, `${name}.pid`);
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
}

try {
  await telegram.waitFor(() => telegram.pollsInFlight > 0, { timeoutMs: 30_000 });
  vera.start();
  const menu = await telegram.waitForMessage(vera.id, (message) => message.buttons.flat().some((b) => /bot\d/.test(b)));
  const alerts: number[] = [];
  for (const name of names) {
    const victim = await until(() => pidOf(name));
    const since = telegram.revision;
    const at = performance.now();
    process.kill(victim, 'SIGKILL');
    const alert = await telegram.waitForMessage(vera.id, /down/, { since });
    alerts.push(performance.now() - at);
    await telegram.waitForMessage(vera.id, (message) => message.replyTo === alert.id, { since });
    // A chat takes about one message a second; the next alert is not to be measured in this one's shadow.
    await new Promise((resolve) => setTimeout(resolve, 4000));
  }
  const answered: number[] = [];
  const edited: number[] = [];
  await vera.taps(menu, /^bot\d/);
  const screen = await telegram.waitForMessage(vera.id, (m) => m.buttons.flat().some((b) => /Refresh/.test(b)));
  let seen = screen;
  for (let i = 0; i < taps; i += 1) {
    // Back and forth, so that every tap changes the screen.
    const button = seen.buttons.flat().some((text) => /Back/.test(text)) ? /Back/ : /^bot\d/;
    const since = telegram.revision;
    const at = performance.now();
    const change = telegram
      .waitForMessage(vera.id, (m) => m.id === screen.id, { since })
      .then((message) => {
        edited.push(performance.now() - at);
        return message;
      });
    await vera.taps(seen, button);
    answered.push(performance.now() - at);
    seen = await change;
  }
  console.log(head);
  console.log(row('kill -9 → alert accepted by Telegram', alerts));
  console.log(row('tap → callback answered', answered));
  console.log(row('tap → screen edited', edited));
} finally {
  manager.kill('SIGTERM');
  await new Promise((resolve) => manager.on('exit', resolve));
  await home.remove();
  await telegram.stop();
}
