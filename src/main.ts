#!/usr/bin/env node
import './heap.ts';

import { runProgram } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';

for (const stream of [process.stdout, process.stderr]) {
  // Listened to also for the manager's sake: it must not die of a terminal that went away or of a full disk. A reader
  // like `head` that has enough is no failure.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode ||= 1;
  });
}

const code = await runProgram(process.argv.slice(2), processTerminal(process.env), process.env);
process.exitCode = code || process.exitCode;
