import { userInfo } from 'node:os';

/** All that a service, and whatever stands beside it, gets to see of the manager's environment. */
const passedOn = ['PATH', 'HOME', 'LANG', 'USER', 'TZ'] as const;

/** Where programs are looked for when the manager itself was started without a PATH: Debian's default. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The clean environment: PATH, HOME, LANG, USER and TZ of the manager, so that none of its secrets is handed on. */
export function baseEnvironment(): Record<string, string> {
  const base: Record<string, string> = {};
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) base[name] = value;
  }
  base.PATH ??= defaultPath;
  if (base.HOME === undefined || base.USER === undefined) {
    const own = ownUser();
    if (own) {
      base.HOME ??= own.homedir;
      base.USER ??= own.username;
    }
  }
  return base;
}

interface User {
  readonly homedir: string;
  readonly username: string;
}

let user: User | null | undefined;

/** Asked once: it reads /etc/passwd. null where the user id has no entry (usual in containers): Node throws for that. */
function ownUser(): User | null {
  if (user !== undefined) return user;
  try {
    user = userInfo();
  } catch {
    user = null;
  }
  return user;
}
