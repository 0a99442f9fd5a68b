import { accessSync, existsSync } from 'node:fs';
import { access, constants, open, readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { type Reason, reason } from '../core/reason.ts';
import { askedTogether } from './burst.ts';
import { baseEnvironment } from './environment.ts';
import type { Launch } from './launch.ts';
import type { LaunchOptions } from './options.ts';

export type Preflight =
  | { readonly ok: true; readonly launch: Launch }
  /** Starting cannot work until somebody changes something. */
  | { readonly ok: false; readonly reason: Reason };

/**
 * Looks at all that a start needs before anything is started, so that a typing error is said in words and never
 * becomes a restart loop: command, interpreter, folder, log file, environment.
 */
export async function preflight(
  options: LaunchOptions,
  output: string | null,
  look: LookForProgram = lookForProgram,
): Promise<Preflight> {
  const command = options.command;
  if (command === null || command[0] === undefined) return refuse(reason('command-missing'));
  const own = await ownVariables(options);
  if (own.reason) return refuse(own.reason);
  const environment = { ...baseEnvironment(), ...own.variables };
  const problems = await Promise.all([
    look({ command: command[0], cwd: options.cwd, path: environment.PATH ?? '' }),
    output === null ? null : logProblem(resolve(options.cwd, output), options.run_dir),
  ]);
  const problem = problems.find((found) => found !== null);
  return problem ? refuse(problem) : { ok: true, launch: { command, cwd: options.cwd, environment, output } };
}

interface Wanted {
  readonly command: string;
  readonly cwd: string;
  readonly path: string;
}

type LookForProgram = (wanted: Wanted) => Promise<Reason | null>;

async function lookForProgram({ command, cwd, path }: Wanted): Promise<Reason | null> {
  const [folder, program] = await Promise.all([folderProblem(cwd), commandProblem(command, cwd, path)]);
  return folder ?? program;
}

/** What was found in order within the last moments is taken to be so still; what was not is looked at again. */
const lookTogether = askedTogether((words) => {
  const [command = '', cwd = '', path = ''] = words.split('\0');
  return lookForProgram({ command, cwd, path });
});

/** For first starts, of which there may be hundreds at once: those of the same program share the look at it. */
export async function lookOnce(wanted: Wanted): Promise<Reason | null> {
  const shared = await lookTogether(`${wanted.command}\0${wanted.cwd}\0${wanted.path}`);
  return shared === null ? null : lookForProgram(wanted);
}

/** Why a start could not work now; null: nothing is known. */
export async function hindranceOf(options: LaunchOptions, output: string | null): Promise<Reason | null> {
  const checked = await preflight(options, output);
  return checked.ok ? null : checked.reason;
}

function refuse(why: Reason): Preflight {
  return { ok: false, reason: why };
}

/** The service's own variables: `env_file`, then `env` over it. */
async function ownVariables(
  options: LaunchOptions,
): Promise<{ reason: Reason | null; variables: Record<string, string> }> {
  const variables: Record<string, string> = {};
  if (options.env_file !== null) {
    const path = resolve(options.cwd, options.env_file);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const code = errorCode(error);
      const why =
        code === 'ENOENT' ? reason('env-file-missing', { path }) : reason('env-file-unreadable', { path, code });
      return { reason: why, variables };
    }
    for (const [name, value] of Object.entries(parseEnv(text))) if (value !== undefined) variables[name] = value;
  }
  Object.assign(variables, options.env);
  // What a POSIX shell can export; anything else would be lost without a word.
  const odd = Object.keys(variables).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return { reason: odd === undefined ? null : reason('env-name-invalid', { variable: odd }), variables };
}

async function folderProblem(path: string): Promise<Reason | null> {
  try {
    if (!(await stat(path)).isDirectory()) return reason('folder-not-a-folder', { path });
    await access(path, constants.X_OK);
    return null;
  } catch (error) {
    const code = errorCode(error);
    return code === 'ENOENT' ? reason('folder-missing', { path }) : reason('folder-not-usable', { path, code });
  }
}

/** Finds a command as execvp would, with `cwd` as the current folder. */
async function commandProblem(command: string, cwd: string, path: string): Promise<Reason | null> {
  const found = await findProgram(command, cwd, path);
  if (found === null) return reason('command-not-found', { command });
  if (!found.executable) return reason('command-not-executable', { command });
  const interpreter = await missingInterpreter(found.path, cwd, path);
  return interpreter === null ? null : reason('interpreter-not-found', { command, interpreter });
}

async function findProgram(
  command: string,
  cwd: string,
  path: string,
): Promise<{ path: string; executable: boolean } | null> {
  const candidates = command.includes('/')
    ? [resolve(cwd, command)]
    : path.split(delimiter).map((folder) => resolve(cwd, folder, command));
  let unusable: { path: string; executable: boolean } | null = null;
  for (const candidate of candidates) {
    try {
      const executable = (await stat(candidate)).isFile();
      if (executable) await access(candidate, constants.X_OK);
      if (executable) return { path: candidate, executable };
      unusable ??= { path: candidate, executable };
    } catch (error) {
      if (errorCode(error) === 'EACCES') unusable ??= { path: candidate, executable: false };
    }
  }
  return unusable;
}

/** The program that a script's first line names and that is not there; null when there is nothing to complain of. */
async function missingInterpreter(path: string, cwd: string, searchPath: string): Promise<string | null> {
  const line = await firstLine(path);
  if (!line.startsWith('#!')) return null;
  const [interpreter, ...rest] = line.slice(2).trim().split(/\s+/);
  if (!interpreter) return null;
  const absolute = await findProgram(resolve(cwd, interpreter), cwd, searchPath);
  if (!absolute?.executable) return interpreter;
  const named = interpreter.endsWith('/env') ? rest.find((word) => !word.startsWith('-') && !word.includes('=')) : null;
  if (!named) return null;
  return (await findProgram(named, cwd, searchPath))?.executable ? null : named;
}

/** At most 256 bytes: all that the kernel looks at. Empty for what may be run but not read. */
async function firstLine(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
      return buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '';
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}

/** `own`: a folder of the manager's, on the disk that it writes to all the time, is looked at without a thread's help. */
async function logProblem(path: string, own: string): Promise<Reason | null> {
  if (dirname(path) === own && isNewIn(path, own)) return null;
  try {
    if ((await stat(path)).isDirectory()) return reason('log-not-writable', { path, code: 'EISDIR' });
    await access(path, constants.W_OK);
    return null;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return reason('log-not-writable', { path, code: errorCode(error) });
  }
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return reason('log-not-writable', { path, code: errorCode(error) });
  }
}

/** Whether the file is not there yet and can be made. */
function isNewIn(path: string, folder: string): boolean {
  if (existsSync(path)) return false;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
