/** Where services say that they have begun: the first thing each does is a line `<name> <pid>` into this pipe. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from './processes.ts';

export interface Birth {
  readonly name: string;
  readonly pid: number;
}

export function openBirths(folder: string) {
  const path = join(folder, 'born');
  execFileSync('mkfifo', ['-m', '666', path]);
  // Under a name of ours, so that whatever is left can be found.
  symlinkSync('/bin/sleep', join(folder, 'sleep'));
  // Both ends, so that opening waits for nobody.
  const pipe = openSync(path, constants.O_RDWR);
  const ready = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(64 * 1024);

  function parse(length: number): readonly Birth[] {
    const lines = buffer.toString('latin1', 0, length).split('\n').slice(0, -1);
    return lines.map((line) => {
      const [name = '', pid] = line.split(' ');
      return { name, pid: Number(pid) };
    });
  }

  return {
    /** What a service does first. */
    script: (name: string) => `echo "${name} $$" >"${path}"`,
    /** And what it does then, for ever. */
    stay: `exec "${folder}/sleep" 100000`,
    /** Blocks until somebody is born, without polling: for times. */
    wait: (): readonly Birth[] => parse(readSync(pipe, buffer, 0, buffer.length, null)),
    /** All that were born since. */
    poll(): readonly Birth[] {
      try {
        return parse(readSync(ready, buffer, 0, buffer.length, null));
      } catch {
        return [];
      }
    },
    /** The pid of the first; 0: nobody in 20 s. */
    async first(): Promise<number> {
      for (let tries = 0; tries < 4000; tries++) {
        await sleep(5);
        const born = this.poll().at(-1);
        if (born) return born.pid;
      }
      return 0;
    },
    close(): void {
      closeSync(pipe);
      closeSync(ready);
    },
  };
}

export type Births = ReturnType<typeof openBirths>;
