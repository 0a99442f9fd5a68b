#!/usr/bin/env node
import { runProgram } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';

/** Whether something could not be printed, other than because a reader like `head` had enough. */
let unprinted = false;
for (const stream of [process.stdout, process.stderr]) {
  // Listened to also for the manager's sake: it must not die of a terminal that went away or a full disk.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') unprinted = true;
  });
}

const code = await runProgram(process.argv.slice(2), processTerminal(process.env), process.env);
process.exitCode = code === 0 && unprinted ? 1 : code;
