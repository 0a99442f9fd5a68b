/**
 * The whole thing without a token, an account or a service at hand: a simulated Telegram with a page that looks like a
 * chat, services in real processes (one in real tmux, if tmux is there), the real manager, and buttons that break it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startDemoStores } from './demo-stores.ts';
import { freePort } from './free-port.ts';
import { environment, type Home, makeHome, TOKEN, VERA } from './manager.ts';
import { type Page, startPage } from './page/server.ts';
import { PANEL_PASSWORD } from './panel/server.ts';
import { startTelegram } from './telegram/server.ts';

const root = new URL('../..', import.meta.url).pathname;
const manager = join(root, 'dist/main.js');
const shopBot = join(root, 'test/world/shop-bot.mjs');
/** Where the page is, when nobody else is there. */
const PAGE_PORT = Number(process.env.PORT ?? 8100);
/** How long "Telegram offline" lasts. */
const OFFLINE_MS = 60_000;
const AGAIN_AFTER_MS = 3000;

const tmux = spawnSync('tmux', ['-V']).status === 0;
const ports = {
  ...{ bot: await freePort(), payments: await freePort(), pages: await freePort() },
  ...{ panel: await freePort(), panelControl: await freePort() },
};
const stores = await startDemoStores();
const telegram = await startTelegram({ token: TOKEN });
const language = (process.env.LANG ?? '').startsWith('ru') ? 'ru' : 'en';
const vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: language });

function stand(port: number, more: Readonly<Record<string, unknown>>) {
  return {
    command: [process.execPath, shopBot, '--port', String(port)],
    restart_delay: '2s',
    max_restart_delay: '30s',
    start_grace: '3s',
    stop_timeout: '5s',
    health_check_interval: '3s',
    health_check_timeout: '2s',
    health_check_retries: 2,
    checks: [{ type: 'http', url: `http://127.0.0.1:${port}/health`, degraded_over: '500ms' }],
    ...more,
  };
}

const home = await makeHome({
  services: {
    telegram_bot: stand(ports.bot, {
      title: 'Shop bot',
      ...(tmux ? { driver: 'tmux', tmux_session: 'orbitvpn_bot', tmux_socket: `orbit-demo-${process.pid}` } : {}),
      log_file: 'bot.log',
    }),
    payments: stand(ports.payments, { title: 'Payments' }),
    pages: stand(ports.pages, { title: 'Subscription pages' }),
    marzban: stand(ports.panel, {
      title: 'Marzban',
      command: [
        ...[process.execPath, '--import', import.meta.resolve('tsx'), join(root, 'test/world/panel/main.ts')],
        ...['--port', String(ports.panel), '--control', String(ports.panelControl)],
      ],
      checks: [{ type: 'process' }, { type: 'panel' }],
      panels: [{ id: 'default', name: 'Marzban' }],
    }),
    ...stores.services,
    machine: {
      title: 'This machine',
      driver: 'external',
      // Somebody's own computer may be fuller than a server should be.
      checks: [{ type: 'host', disk_over: '97%', memory_over: '96%' }],
      health_check_interval: '10s',
    },
  },
});
const env = environment(home, telegram.apiRoot, {
  MARZBAN_BASE_URL: `http://127.0.0.1:${ports.panel}`,
  ...{ MARZBAN_USERNAME: 'admin', MARZBAN_PASSWORD: PANEL_PASSWORD },
});

let child: ChildProcess | null = null;
let ending = false;

/** The manager, and again after it was killed: what systemd does on a server. */
function keepManager(): void {
  child = spawn(process.execPath, [manager, 'run'], { cwd: home.folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('exit', () => {
    if (!ending) setTimeout(() => !ending && keepManager(), AGAIN_AFTER_MS);
  });
}

/** Redis is one of the services: it is there a moment after the manager. */
async function fillOnceItRuns(): Promise<void> {
  for (let tries = 0; tries < 60 && !ending; tries++) {
    try {
      await stores.fillCache?.();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function ask(port: number, what: string): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/do/${what}`, { method: 'POST' }).catch(() => undefined);
}

async function breakNode(fault: string, node: string): Promise<string> {
  await ask(ports.panelControl, `${fault}/${node}`);
  return `${node}: ${fault}`;
}

const page = await openPage();

async function openPage(): Promise<Page> {
  const options = { world: telegram, user: vera, controls: controls() };
  try {
    return await startPage({ ...options, port: PAGE_PORT });
  } catch {
    return startPage(options);
  }
}

/** What is there beside the three, by the servers that are installed. */
function extras(): string {
  const names = [
    ...('redis' in stores.services ? ['Redis'] : []),
    ...('postgres' in stores.services ? ['PostgreSQL'] : []),
  ];
  return names.map((name) => `, ${name}`).join('');
}

function controls() {
  return [
    {
      id: 'crash',
      label: { en: 'Crash the shop bot', ru: 'Уронить бота магазина' },
      hint: { en: 'exits with code 1', ru: 'завершится с кодом 1' },
      run: async () => {
        await ask(ports.bot, 'crash?code=1');
        return 'crash?code=1';
      },
    },
    {
      id: 'freeze',
      label: { en: 'Freeze the shop bot', ru: 'Заморозить бота магазина' },
      hint: { en: 'runs, but does not answer', ru: 'работает, но не отвечает' },
      run: async () => {
        await ask(ports.bot, 'hang');
        return 'hang';
      },
    },
    {
      id: 'error',
      label: { en: 'Make payments fail', ru: 'Сломать платежи' },
      hint: { en: 'its health check says 500', ru: 'проверка отвечает 500' },
      run: async () => {
        await ask(ports.payments, 'error');
        return 'error';
      },
    },
    {
      id: 'heal',
      label: { en: 'Heal payments', ru: 'Починить платежи' },
      hint: { en: 'its health check says 200 again', ru: 'проверка снова отвечает 200' },
      run: async () => {
        await ask(ports.payments, 'heal');
        return 'heal';
      },
    },
    ...(stores.fillCache === null
      ? []
      : [
          {
            id: 'fill',
            label: { en: 'Fill the cache', ru: 'Наполнить кэш' },
            hint: {
              en: '30,000 keys into Redis; clear them with /cache',
              ru: '30 000 ключей в Redis; очистка: /cache',
            },
            run: async () => {
              await stores.fillCache?.();
              return '30,300';
            },
          },
        ]),
    {
      id: 'node-kill',
      label: { en: 'Kill a VPN node', ru: 'Убить VPN-ноду' },
      hint: {
        en: 'Helsinki refuses connections; told in half a minute',
        ru: 'Хельсинки отказывает; тревога через полминуты',
      },
      run: () => breakNode('killed', 'FI-Helsinki'),
    },
    {
      id: 'node-freeze',
      label: { en: 'Freeze a VPN node', ru: 'Заморозить VPN-ноду' },
      hint: {
        en: 'Amsterdam hangs; the panel never calls it an error',
        ru: 'Амстердам висит; панель не признает это ошибкой',
      },
      run: () => breakNode('frozen', 'NL-Amsterdam'),
    },
    {
      id: 'node-mend',
      label: { en: 'Mend the nodes', ru: 'Починить ноды' },
      hint: { en: 'all of them', ru: 'все' },
      run: () => breakNode('none', 'all'),
    },
    {
      id: 'offline',
      label: { en: 'Take Telegram offline', ru: 'Отключить Telegram' },
      hint: { en: 'for a minute; break something meanwhile', ru: 'на минуту; сломайте что-нибудь' },
      run: async () => {
        await telegram.goOffline();
        setTimeout(() => !ending && telegram.goOnline().catch(() => undefined), OFFLINE_MS).unref();
        return '60 s';
      },
    },
    {
      id: 'kill',
      label: { en: 'Kill the manager', ru: 'Убить менеджер' },
      hint: { en: 'kill -9; back in 3 s, services run on', ru: 'kill -9; вернётся через 3 с, сервисы работают' },
      run: async () => {
        child?.kill('SIGKILL');
        return `kill -9 ${child?.pid ?? ''}`;
      },
    },
  ];
}

/** Everything that was started ends, also when the manager is dead at this moment. */
async function end(folder: Home): Promise<void> {
  if (ending) return;
  ending = true;
  console.log('\nStopping everything…');
  spawnSync(process.execPath, [manager, 'stop', '--all'], { cwd: folder.folder, env, timeout: 20_000 });
  child?.kill('SIGTERM');
  await new Promise((resolve) =>
    child === null || child.exitCode !== null ? resolve(null) : child.on('exit', resolve),
  );
  if (tmux) spawnSync('tmux', ['-L', `orbit-demo-${process.pid}`, 'kill-server']);
  await page.stop();
  await stores.stop();
  await telegram.stop();
  await folder.remove();
  process.exit(0);
}

process.on('SIGINT', () => void end(home));
process.on('SIGTERM', () => void end(home));

keepManager();
void fillOnceItRuns();
// What she wrote before the bot was there would be dropped, as everything from before its start is.
await telegram.waitFor(() => telegram.pollsInFlight > 0, { timeoutMs: 60_000 });
vera.start();
console.log(`
  The demo runs. Open the chat:   ${page.url}

  Services: Shop bot (${tmux ? 'in a real tmux session' : 'a process; install tmux to see it in a session'}), Payments, Subscription pages,
  Marzban (a simulated panel with four VPN nodes: /marzban)${extras()}, and this machine.
  Break something with the buttons beside the chat, watch the alert come and resolve, tap Restart.
  The command line works, too, in another terminal:
    ORBIT_DATA_DIR=${home.dataDir} node dist/main.js status

  Ctrl-C stops all of it.
`);
if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) {
  try {
    execFileSync('xdg-open', [page.url], { stdio: 'ignore', timeout: 2000 });
  } catch {
    // No browser to open: the address stands above.
  }
}
