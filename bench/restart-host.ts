/**
 * One way of keeping a service running, in a process of its own: `restart-host.ts bare|orbit <folder>`. The service is
 * the same for both: a shell that writes its pid into the pipe `<folder>/born` as the first thing it does.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createProcessDriver } from '../src/drivers/process.ts';

const [way, folder = ''] = process.argv.slice(2);
const command = ['/bin/sh', '-c', 'echo $$ >"$0"; exec sleep 1000', join(folder, 'born')] as const;

function bare(): () => Promise<void> {
  let ending = false;
  let service = run();
  function run() {
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: 'ignore', cwd: folder });
    child.on('exit', () => {
      if (!ending) service = run();
    });
    return child;
  }
  return async () => {
    ending = true;
    service.kill('SIGKILL');
  };
}

function orbit(): () => Promise<void> {
  const driver = createProcessDriver({
    ...{ name: 'svc', command, cwd: folder, env: {}, env_file: null, log_file: null },
    ...{ stop_signal: 'SIGTERM', stop_timeout: 2000, run_dir: join(folder, 'run'), clock: Date.now },
  });
  let ending = false;
  const start = () => {
    if (!ending) driver.start().catch(() => process.exit(1));
  };
  driver.onChange((seen) => {
    if (seen.state === 'exited') start();
  });
  start();
  return async () => {
    ending = true;
    await driver.stop();
  };
}

const end = way === 'orbit' ? orbit() : bare();
process.on('disconnect', () => {
  end().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
