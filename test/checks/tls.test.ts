import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer } from 'node:tls';
import { createTlsCheck, type TlsCheckOptions } from '../../src/checks/tls.ts';
import { type Certificate, certificateMaker } from '../world/certificates.ts';
import { ask, found, metric, say } from './asking.ts';

const day = 86_400_000;
const now = Date.now();

describe('tls', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orbit-tls-'));
  const make = certificateMaker(folder);
  const servers: Server[] = [];
  const ports = { good: 0, alone: 0, plain: 0 };
  let authority = '';

  async function listen(server: Server): Promise<number> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async function serve({ key, cert }: Certificate): Promise<number> {
    const server = createServer({ key, cert }, (socket) => socket.on('error', () => {}));
    server.on('tlsClientError', () => {});
    return listen(server);
  }

  before(async () => {
    authority = make.selfSigned('authority', 'Test authority', 4000).path;
    ports.good = await serve(make.signedBy('authority', 'panel', 'panel.test', 90));
    ports.alone = await serve(make.selfSigned('alone', 'alone.test', 90));
    ports.plain = await listen(
      createTcpServer((socket) => socket.on('error', () => {}).end('220 mail.test ESMTP\r\n')),
    );
  });
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  const check = (options: Partial<TlsCheckOptions>) =>
    createTlsCheck({
      id: 'tls',
      host: '127.0.0.1',
      port: ports.good,
      server_name: 'panel.test',
      degraded_days: 14,
      unhealthy_days: 3,
      allow_self_signed: false,
      ca_file: authority,
      degraded_over: null,
      ...options,
    });

  it('is healthy with a certificate that holds, and says how many days it has', async () => {
    const result = await ask(check({}));
    assert.equal(found(result), 'healthy');
    assert.deepEqual(metric(result, 'days_left'), { name: 'days_left', value: 89, unit: 'count' });
    assert.equal(metric(result, 'latency').unit, 'ms');
  });

  it('takes an address as the name, when it is in the certificate', async () =>
    assert.equal(found(await ask(check({ server_name: null }))), 'healthy'));

  const ages: readonly (readonly [number, string, RegExp?])[] = [
    [75, 'healthy'],
    [76.5, 'degraded tls-expires', /expires on \d{4}-\d\d-\d\d, in 13 days$/],
    [86.5, 'degraded tls-expires', /in 3 days$/],
    [87.5, 'unhealthy tls-expires', /in 2 days$/],
    [89.5, 'unhealthy tls-expires', /in less than a day$/],
    [90.5, 'unhealthy tls-expired', /expired on \d{4}-\d\d-\d\d$/],
    [92.5, 'unhealthy tls-expired', /, 2 days ago$/],
    [-5, 'unhealthy tls-not-yet-valid'],
  ];
  for (const [age, expected, text] of ages) {
    it(`${age} days after it was made: ${expected}`, async () => {
      const result = await ask(check({}), { now: now + age * day });
      assert.equal(found(result), expected);
      if (text) assert.match(result.reason ? say(result.reason) : '', text);
    });
  }

  it('a name that the certificate is not for', async () => {
    const result = await ask(check({ server_name: 'other.test' }));
    assert.equal(found(result), 'unhealthy tls-wrong-name');
    assert.match(result.reason ? say(result.reason) : '', /other names than other\.test: DNS:panel\.test/);
  });

  it('a self-signed one', async () => {
    const alone = { port: ports.alone, server_name: 'alone.test' };
    assert.equal(found(await ask(check(alone))), 'unhealthy tls-self-signed');
    assert.equal(found(await ask(check({ ...alone, allow_self_signed: true }))), 'healthy');
  });

  it('a self-signed one that is allowed still has to have the name and the days', async () => {
    const alone = { port: ports.alone, server_name: 'alone.test', allow_self_signed: true };
    assert.equal(found(await ask(check({ ...alone, server_name: 'x.test' }))), 'unhealthy tls-wrong-name');
    assert.equal(found(await ask(check(alone), { now: now + 80 * day })), 'degraded tls-expires');
    assert.equal(found(await ask(check(alone), { now: now + 91 * day })), 'unhealthy tls-expired');
  });

  it('an authority that nobody knows', async () =>
    assert.equal(found(await ask(check({ ca_file: null }))), 'unhealthy tls-unknown-issuer'));

  it('a file of authorities that is not there: could not ask', async () =>
    assert.equal(found(await ask(check({ ca_file: join(folder, 'none.pem') }))), 'unknown tls-no-ca-file'));

  it('a port that speaks something else', async () =>
    assert.equal(found(await ask(check({ port: ports.plain }))), 'unhealthy tls-no-handshake'));

  it('a port that takes connections and says nothing', async () => {
    const silent = await listen(createTcpServer((socket) => socket.on('error', () => {})));
    assert.equal(found(await ask(check({ port: silent }), { within: 200 })), 'unhealthy net-timeout');
  });

  it('a port that hangs up', async () => {
    const rude = await listen(createTcpServer((socket) => socket.destroy()));
    assert.equal(found(await ask(check({ port: rude }))), 'unhealthy net-closed');
  });
});
