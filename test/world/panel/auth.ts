import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export interface SimAdmin {
  readonly username: string;
  password: string;
  readonly sudo: boolean;
  /** Unix seconds; tokens from before are dead. */
  passwordResetAt: number | null;
}

/** A login as the panel posts it to its owner's chat: a failed one with the password in clear text. */
export interface Login {
  readonly at: number;
  readonly ok: boolean;
  readonly username: string;
  /** What stands in the owner's chat; null: the panel is told not to post this one. */
  readonly posted: string | null;
}

const claims = z.object({ sub: z.string(), iat: z.number(), exp: z.number().optional() });

/** Tokens and who may have them. */
export class Auth {
  readonly admins: SimAdmin[];
  readonly logins: Login[] = [];
  readonly #secret = 'a-secret-that-lives-in-the-database';
  readonly #minutes: number;
  readonly #posts: boolean;

  /** `minutes`: life of a token, 0: for ever. `posts`: whether successful logins are posted (v0.6 always does). */
  constructor(admins: SimAdmin[], minutes: number, posts: boolean) {
    this.admins = admins;
    this.#minutes = minutes;
    this.#posts = posts;
  }

  /** Null: refused. */
  login(username: string, password: string, now: number): string | null {
    const admin = this.admins.find((each) => each.username === username && each.password === password);
    const ok = admin !== undefined;
    const posted = ok
      ? this.#posts
        ? `#Login Success: ${username}`
        : null
      : `#Login Failed: ${username} password: ${password}`;
    this.logins.push({ at: now, ok, username, posted });
    return ok ? this.issue(admin, now) : null;
  }

  issue(admin: SimAdmin, now: number): string {
    const iat = Math.floor(now / 1000);
    const exp = this.#minutes > 0 ? { exp: iat + this.#minutes * 60 } : {};
    const payload = { sub: admin.username, access: admin.sudo ? 'sudo' : 'admin', iat, ...exp };
    const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
    return `${head}.${this.#sign(head)}`;
  }

  /** Null: bad, expired, or from before the password was set anew. */
  check(token: string, now: number): SimAdmin | null {
    const [head, payload, signature] = token.split('.');
    if (head === undefined || payload === undefined || signature === undefined) return null;
    const given = Buffer.from(signature);
    const right = Buffer.from(this.#sign(`${head}.${payload}`));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
    const { sub, iat, exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
    if (exp !== undefined && now / 1000 >= exp) return null;
    const admin = this.admins.find((each) => each.username === sub);
    if (admin === undefined) return null;
    return admin.passwordResetAt !== null && admin.passwordResetAt > iat ? null : admin;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
