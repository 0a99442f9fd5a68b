import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/database.ts';
import { makeParts } from '../../test/world/delivery.ts';
import { startTelegram } from '../../test/world/telegram/server.ts';
import { judge } from './told.ts';
import { sink, token } from './world.ts';

/** A life lasts so long at most, ms. */
const LONGEST_LIFE = 700;

/** SIGKILL of a real process at random points of open, send, acknowledge and resolve. */
export async function kills(times: number): Promise<void> {
  const telegram = await startTelegram({ token });
  const vera = telegram.user({ id: 11, first_name: 'Vera' });
  vera.start();
  const folder = mkdtempSync(join(tmpdir(), 'orbit-bench-'));
  const victim = new URL('victim.ts', import.meta.url).pathname;
  const run = (life: string) =>
    spawn(process.execPath, ['--import', 'tsx', victim, folder, telegram.apiRoot, token, '11', life], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  for (let i = 0; i < times; i += 1) {
    const child = run(`k${i}`);
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await once(run('drain'), 'exit');
  const store = openStore(folder);
  const { incidents, table } = makeParts({ store, transport: sink().transport, chats: [], clock: Date.now });
  judge(`${times} SIGKILLs of a process`, [...incidents.open(), ...incidents.past(Date.now() + 1, 1_000_000)], {
    messages: vera.messages().filter((message) => message.fromBot),
    sent: telegram.callsOf('sendMessage').map(({ params }) => String(params.text)),
    copy: (id) => table.copy(id, '11')?.message,
  });
  store.close();
  rmSync(folder, { recursive: true });
  await telegram.stop();
}
