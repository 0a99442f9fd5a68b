import { roleOf } from './pane-process.ts';

/**
 * How a service ended that its command may hide: a shell line that ends in a pipeline (`bot | tee log`) has the exit
 * status of its last program, so that 0 says nothing of the service itself. Nothing else is doubted.
 */
export function ownExit<Exit extends { readonly code: number | null }>(
  command: readonly string[] | null,
  exit: Exit,
): Exit {
  return exit.code === 0 && command !== null && endsInPipeline(command) ? { ...exit, code: null } : exit;
}

function endsInPipeline(command: readonly string[]): boolean {
  if (roleOf(command) !== 'shell-line' || command.some((word) => word.includes('pipefail'))) return false;
  const line = command[command.findIndex((word) => /^-[a-z]*c$/.test(word)) + 1] ?? '';
  const last = bare(line)
    .split(/;|\n|&&|\|\||(?<![>|])&(?!>)/)
    .findLast((part) => part.trim() !== '');
  return last !== undefined && /(?<!>)\|/.test(last);
}

/** A shell line without what is quoted or put in by other commands. */
function bare(line: string): string {
  let text = line.replace(/\\.|'[^']*'|"(?:\\.|[^"\\])*"/gs, ' ').replace(/`[^`]*`/g, ' ');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\$\([^()]*\)/g, ' ');
  }
  return text;
}
