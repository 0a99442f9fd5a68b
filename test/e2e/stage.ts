/**
 * The whole manager with a chat: a simulated Telegram, Vera in it, a home with a configuration, and the manager, either
 * as a process of its own (`run`) or inside this one, where its clock can be put forward (`start`).
 *
 *   const stage = makeStage();                             // at the top of a describe(): it tears down by itself
 *   before(async () => {
 *     ({ telegram, home, vera } = await stage.set({ services: { bot: { command: ['sleep', '1000'] } } }));
 *     await stage.run();
 *   });
 *   it('…', async () => assert.equal((await stage.type('stop', 'bot')).code, 0));
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after } from 'node:test';
import type { LevelWithSilent } from 'pino';
import { type App, startApp } from '../../src/app.ts';
import { createControlClient } from '../../src/cli/client.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ServiceView } from '../../src/core/snapshot.ts';
import { createLogger } from '../../src/logger.ts';
import type { Timing } from '../../src/telegram/timing.ts';
import {
  environment,
  type Home,
  makeHome,
  orbit,
  type RunningManager,
  runManager,
  TOKEN,
  VERA,
} from '../world/manager.ts';
import { startTelegram, type TelegramWorld, type WorldUser } from '../world/telegram/server.ts';

export interface SetOptions {
  /** Of the manager and of every command, beside what points them at this stage. */
  readonly env?: NodeJS.ProcessEnv;
  /** What Vera speaks. Default: `en`. */
  readonly language?: string;
  /** Whether Vera has pressed Start before there is a manager, so that it may write to her. Default: yes. */
  readonly started?: boolean;
}

export interface StartOptions {
  /** Default: `error`. */
  readonly level?: LevelWithSilent;
  readonly timing?: Partial<Timing>;
}

export interface Scene {
  readonly telegram: TelegramWorld;
  readonly home: Home;
  readonly vera: WorldUser;
}

export interface Stage {
  /** Telegram, Vera and a home with this configuration; no manager yet. */
  set(file: Parameters<typeof makeHome>[0], options?: SetOptions): Promise<Scene>;
  /** Runs when the tests are over, before what was begun earlier ends. */
  atEnd(end: () => unknown): void;
  /** Waits for something that has an end of its own, and sees to it. */
  beside<T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T>;

  /** The manager as a process, once it says that it runs. The last one is killed at the end. */
  run(): Promise<RunningManager>;
  /** The manager inside this process, by the clock of the stage. The last one is stopped at the end. */
  start(options?: StartOptions): Promise<App>;
  /** The stage's clock is this much ahead of the real one, ms. */
  ahead: number;
  clock(): number;
  /** The log of the managers inside this process. */
  readonly lines: readonly string[];

  /** One `orbit` command as somebody types it, with all that it wrote. */
  type(...args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }>;
  client(): ReturnType<typeof createControlClient>;
  /** A service as the manager sees it now; null: it has none of that name, or none is there to ask. */
  view(name: string): Promise<ServiceView | null>;
}

/** For the suite that it is called in. What `before` began ends also when `before` failed half way. */
export function makeStage(): Stage {
  const endings: (() => unknown)[] = [];
  const lines: string[] = [];
  let env: NodeJS.ProcessEnv = {};
  let scene: Scene | null = null;
  let manager: RunningManager | null = null;
  let app: App | null = null;
  const set = (): Scene => scene ?? assert.fail('the stage is not set');
  const environs = () => environment(set().home, set().telegram.apiRoot, env);

  after(async () => {
    const failures: unknown[] = [];
    for (const end of endings.toReversed()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    assert.deepEqual(failures, []);
  });

  const stage: Stage = {
    ahead: 0,
    clock: () => Date.now() + stage.ahead,
    lines,
    async set(file, options = {}) {
      env = options.env ?? {};
      const telegram = await stage.beside(startTelegram({ token: TOKEN }));
      const home = await makeHome(file);
      endings.push(() => home.remove());
      const vera = telegram.user({ id: VERA, first_name: 'Vera', language_code: options.language ?? 'en' });
      if (options.started !== false) vera.start();
      scene = { telegram, home, vera };
      return scene;
    },
    atEnd: (end) => void endings.push(end),
    async beside(starting) {
      const started = await starting;
      endings.push(() => started.stop());
      return started;
    },
    async run() {
      if (manager === null)
        endings.push(() => {
          manager?.kill('SIGKILL');
          return manager?.exited;
        });
      manager = await runManager(set().home, set().telegram.apiRoot, env);
      return manager;
    },
    async start({ level = 'error', timing } = {}) {
      const read = () => loadConfig({ path: set().home.config, env: environs() });
      const loaded = read();
      assert.ok(loaded.ok, JSON.stringify(loaded));
      const log = createLogger({ level, format: 'json', to: { write: (line) => void lines.push(line) } });
      const { clock } = stage;
      if (app === null) endings.push(() => app?.stop('the test is over'));
      app = await startApp(loaded.config, { log, version: '0', read, clock, ...(timing && { timing }) });
      return app;
    },
    async type(...args) {
      const typed = orbit(set().home, environs(), ...args);
      const { code } = await typed.exited;
      return { code, text: typed.output() };
    },
    client: () => createControlClient(join(set().home.dataDir, 'control.sock'), 'root'),
    async view(name) {
      const asked = await stage.client().snapshot();
      return asked.ok ? (asked.value.services.find((service) => service.name === name) ?? null) : null;
    },
  };
  return stage;
}
