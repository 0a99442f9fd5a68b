import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createProcessDriver } from '../../src/drivers/process.ts';
import { sampleWithin } from '../../src/drivers/pulse.ts';
import { watchFolder } from '../../src/drivers/watch-folder.ts';
import { begin, eventually, exited, keeperOf, kill, listen, lives, makeFolder, options } from './playground.ts';

type Watch = typeof watchFolder;

async function drive(context: TestContext, script: string, watch: Watch) {
  const folder = await makeFolder(context);
  const driver = createProcessDriver(options(folder, script), watch);
  context.after(() => driver.close());
  return { folder, driver, told: listen(driver) };
}

/** fs.watch throws ENOSPC or EMFILE: inotify's instances or watches of this account are used up. */
const noneLeft: Watch = () => null;
/** Is there, and keeps everything back. */
const silent: Watch = (folder) => watchFolder(folder, () => undefined);

describe('a service where the kernel tells of no changes', () => {
  for (const [what, watch] of [
    ['no watches are left', noneLeft],
    ['a watch is silent', silent],
  ] as const)
    it(`starts, is restarted and stopped as ever: ${what}`, async (context) => {
      const { folder, driver, told } = await drive(context, 'exec sleep 1000', watch);
      const first = await begin(driver);
      assert.ok(lives(first));
      kill(first);
      assert.equal((await exited(told)).exit.signal, 'SIGKILL');
      const second = await begin(driver);
      assert.ok(lives(second));
      const stopped = await driver.stop();
      assert.ok(stopped.ok);
      assert.equal(stopped.exit?.signal, 'SIGTERM');
      assert.deepEqual(stopped.killed, []);
      assert.ok(!lives(second));
      assert.equal(keeperOf(folder), null);
    });

  it('tells of one that ends at once', async (context) => {
    const { driver, told } = await drive(context, 'exit 7', noneLeft);
    assert.ok((await driver.start()).ok);
    assert.equal((await exited(told)).exit.code, 7);
    await driver.stop();
  });

  it('is told of again as soon as the kernel has watches to give', async (context) => {
    let left = false;
    let given = false;
    const { driver, told } = await drive(context, 'exec sleep 1000', (folder, onName) => {
      const watcher = left ? watchFolder(folder, onName) : null;
      given ||= watcher !== null;
      return watcher;
    });
    const pid = await begin(driver);
    left = true;
    await eventually('a watch', () => {
      sampleWithin(10);
      return given;
    });
    kill(pid);
    await exited(told);
    await driver.stop();
  });
});
