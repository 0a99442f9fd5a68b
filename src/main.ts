#!/usr/bin/env node
import { processTerminal } from './cli/terminal.ts';

for (const stream of [process.stdout, process.stderr]) {
  // Listened to also for the manager's sake: it must not die of a terminal that went away or of a full disk. A reader
  // like `head` that has enough is no failure.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode ||= 1;
  });
}

process.exitCode = (await run(process.argv.slice(2))) || process.exitCode;

/** The manager does not read what all the other commands are called first: services wait for it. */
async function run(args: readonly string[]): Promise<number> {
  const terminal = processTerminal(process.env);
  if (args.length === 1 && args[0] === 'run') {
    const { runManager } = await import('./cli/run.ts');
    return runManager(terminal, process.env);
  }
  const { runProgram } = await import('./cli/program.ts');
  return runProgram(args, terminal, process.env);
}
