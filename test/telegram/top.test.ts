import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { it } from 'node:test';
import { createTop } from '../../src/checks/host-top.ts';
import { reason } from '../../src/core/reason.ts';
import type { HostTop } from '../../src/core/top.ts';
import type { ShownMessage } from '../world/telegram/view.ts';
import { serviceView } from '../world/views.ts';
import { noon, setStage, vera } from './stage.ts';

it('the screen of the host leads to who uses it, measures anew on Refresh, and back', async (t) => {
  // Its name is the program's own to choose, so it must not become markup.
  const child = spawn(process.execPath, ['-e', `process.title = '<b>&x'; for (;;);`], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const measure = createTop({ services: () => [{ name: 'shop', pid: child.pid ?? 0 }], clock: () => noon });
  let broken = false;
  const top: HostTop = {
    isOn: (name) => name === 'host',
    measure: async () => (broken ? { ok: false, reason: reason('top-nothing') } : await measure()),
  };
  const stage = await setStage(t, { telegram: { top } });
  stage.control.services.set('host', serviceView('host', noon, { title: 'VPS' }));
  stage.control.services.set('shop', serviceView('shop', noon, { title: 'Shop bot' }));
  await stage.heard();
  const person = stage.world.user({ id: vera.id, first_name: 'V', language_code: 'en' });
  let since = stage.world.revision;
  const next = async (pattern: RegExp): Promise<ShownMessage> => {
    const wanted = (message: ShownMessage) => message.fromBot && pattern.test(message.text);
    const found = await stage.world.waitForMessage(vera.id, wanted, { since, timeoutMs: 30_000 });
    since = stage.world.revision;
    return found;
  };
  await person.sends('/menu');
  await person.taps(await next(/VPS/), 'VPS');
  await person.taps(await next(/VPS/), 'Who uses the machine?');
  const screen = await next(/By CPU/);
  assert.match(screen.text, new RegExp(`\\n${child.pid} <b>&x: CPU [\\d.]+ ?%, .*Shop bot\\n`));
  assert.match(screen.text, /By memory:\n\d+ .*\nMeasured: [\d,]+ of [\d,]+ processes$/s);
  broken = true;
  await person.taps(screen, 'Refresh');
  const failed = await next(/no process that could be measured/);
  broken = false;
  await person.taps(failed, 'Refresh');
  await person.taps(await next(/By CPU/), 'Back');
  const back = await next(/VPS/);
  assert.doesNotMatch(back.text, /By CPU/);
});
