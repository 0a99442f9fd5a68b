import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { begin, drive, eventually, exited, keeperOf, kill, lives, makeFolder, pidsIn, standbys } from './playground.ts';

const forever = 'echo $$ >>born; exec sleep 1000';

/** A service that has crashed, and the one that waits to be the next. */
async function crash(context: TestContext, script = forever) {
  const folder = await makeFolder(context);
  const { driver, told } = drive(context, folder, script);
  const pid = await begin(driver);
  await pidsIn(join(folder, 'born'), 1);
  await eventually('the next record', () => existsSync(join(folder, 'run/records/2')));
  kill(pid);
  await exited(told);
  const standby = await eventually('a standby', () => standbys(folder)[0]);
  return { folder, driver, told, standby };
}

const nothingLeft = (folder: string) => keeperOf(folder) === null && standbys(folder).length === 0;

describe('the standby of a keeper', () => {
  it('becomes the next run itself', async (context) => {
    const { folder, driver, standby } = await crash(context);
    assert.equal(await begin(driver), standby);
    const stopped = await driver.stop();
    assert.ok(stopped.ok);
    assert.deepEqual(stopped.killed, []);
    assert.ok(nothingLeft(folder));
  });

  it('is no leftover of the service: a stop has nothing to kill, and takes it along', async (context) => {
    const { folder, driver } = await crash(context);
    assert.deepEqual(await driver.stop(), { ok: true, exit: null, killed: [] });
    assert.ok(nothingLeft(folder));
  });

  it('does not stand around when nothing is started again', async (context) => {
    const { folder } = await crash(context);
    await eventually('both are gone', () => nothingLeft(folder));
  });

  it('whose keeper is killed is used up or taken away, and never makes two of a service', async (context) => {
    const { folder, driver } = await crash(context);
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    kill(keeper);
    await eventually('the keeper is gone', () => !lives(keeper));
    const pid = await begin(driver);
    const born = await pidsIn(join(folder, 'born'), 2);
    assert.deepEqual(born.slice(1), [pid]);
    assert.ok((await driver.stop()).ok);
    assert.ok(nothingLeft(folder));
  });

  it('that was left of a keeper and of a manager goes with the next stop', async (context) => {
    const { folder, driver } = await crash(context);
    await driver.close();
    const keeper = keeperOf(folder);
    assert.ok(keeper);
    kill(keeper);
    await eventually('the keeper is gone', () => !lives(keeper));
    const next = drive(context, folder, forever).driver;
    await next.inspect();
    assert.ok((await next.stop()).ok);
    await eventually('nothing is left', () => nothingLeft(folder));
  });

  it('that is killed is done without', async (context) => {
    const { folder, driver, told, standby } = await crash(context);
    kill(standby);
    await eventually('it is gone', () => !lives(standby));
    const pid = await begin(driver);
    assert.deepEqual((await pidsIn(join(folder, 'born'), 2)).slice(1), [pid]);
    told.length = 0;
    kill(pid);
    assert.equal((await exited(told)).exit.signal, 'SIGKILL');
    await driver.stop();
  });

  it('leaves a word that is not for it to its keeper, which runs nothing twice', async (context) => {
    const { folder, driver, told } = await crash(context);
    await writeFile(join(folder, 'run/control'), '1\n');
    await eventually('it has gone', () => standbys(folder).length === 0);
    const pid = await begin(driver);
    assert.deepEqual((await pidsIn(join(folder, 'born'), 2)).slice(1), [pid]);
    // The third is in waiting again.
    await eventually('the next record', () => existsSync(join(folder, 'run/records/3')));
    told.length = 0;
    kill(pid);
    await exited(told);
    await eventually('a standby', () => standbys(folder)[0]);
    await driver.stop();
  });

  it('hides no exit code 125, which is what it ends with itself when it is not needed', async (context) => {
    const { folder, driver, told } = await crash(context, 'echo $$ >>born; [ -e go ] && exit 125; exec sleep 1000');
    await writeFile(join(folder, 'go'), '');
    told.length = 0;
    await begin(driver);
    assert.equal((await exited(told)).exit.code, 125);
    assert.match(await readFile(join(folder, 'run/records/2'), 'latin1'), /^ended 125$/m);
    await driver.stop();
  });
});
