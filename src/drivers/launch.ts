import { resolve } from 'node:path';

/** One word of a shell script that the shell gives back unchanged, whatever is in it. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

export interface Launch {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment of the service. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where output is appended; null: wherever the shell's own goes. */
  readonly output: string | null;
}

/**
 * A POSIX shell script that becomes the service: same process, exactly this environment, nothing of it on a command
 * line where any user could read it. The variables a shell exports by itself are taken away again.
 */
export function launchScript(launch: Launch): string {
  const redirect =
    launch.output === null ? '' : ` </dev/null >>${quote(resolve(launch.cwd, launch.output))} 2>&1 3>&- 4>&-`;
  return [
    `cd ${quote(launch.cwd)} || exit 126`,
    'unset PATH HOME LANG USER TZ TERM PWD OLDPWD SHLVL _ TMUX TMUX_PANE TERM_PROGRAM TERM_PROGRAM_VERSION',
    ...Object.entries(launch.environment).map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${launch.command.map(quote).join(' ')}${redirect}`,
    '',
  ].join('\n');
}
