import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** Path of the certificate's file. */
  readonly path: string;
}

/** Makes certificates in a folder with the openssl program; elliptic curves, because they are made at once. */
export function certificateMaker(folder: string) {
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const read = (name: string): Certificate => ({
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    path: join(folder, `${name}.crt`),
  });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  /** One that vouches for itself: for a server, or as an authority. */
  function selfSigned(name: string, host: string, days: number): Certificate {
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)];
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    openssl('req', '-x509', ...curve, ...files, ...subject, '-days', String(days));
    return read(name);
  }

  /** One that `authority` vouches for. */
  function signedBy(authority: string, name: string, host: string, days: number): Certificate {
    const at = (ending: string) => join(folder, `${name}.${ending}`);
    openssl('req', ...curve, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${host}`);
    writeFileSync(at('ext'), `subjectAltName=DNS:${host},IP:127.0.0.1\n`);
    const by = ['-CA', join(folder, `${authority}.crt`), '-CAkey', join(folder, `${authority}.key`), '-CAcreateserial'];
    openssl('x509', '-req', '-in', at('csr'), ...by, '-out', at('crt'), '-days', String(days), '-extfile', at('ext'));
    return read(name);
  }

  return { selfSigned, signedBy };
}
