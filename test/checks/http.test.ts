import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createHttpCheck, type HttpCheckOptions } from '../../src/checks/http.ts';
import { certificateMaker } from '../world/certificates.ts';
import { until } from '../world/until.ts';
import { ask, found, metric, say } from './asking.ts';

/** Starts a server on a free port for one test; its port. */
async function listen(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

async function serve(context: TestContext, answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(context, createServer(answer))}`;
}

function check(url: string, more: Partial<HttpCheckOptions> = {}) {
  return createHttpCheck({
    ...{
      id: 'http',
      url,
      method: 'GET',
      body_matches: null,
      degraded_over: null,
      timeout: 5000,
      follow_redirects: true,
      degraded_days: 14,
      unhealthy_days: 3,
    },
    ...{ expect_status: [{ from: 200, to: 399 }] },
    ...more,
  });
}

describe('http', () => {
  it('is healthy when the address answers as it should, and says how fast', async (context) => {
    const url = await serve(context, (_, response) => response.end('all is well'));
    const result = await ask(check(url, { body_matches: 'is well$' }));
    assert.equal(found(result), 'healthy');
    assert.equal(metric(result, 'latency').unit, 'ms');
  });

  it('asks with the method that is configured', async (context) => {
    let asked = '';
    const url = await serve(context, (request, response) => {
      asked = request.method ?? '';
      response.end();
    });
    assert.equal(found(await ask(check(url, { method: 'HEAD' }))), 'healthy');
    assert.equal(asked, 'HEAD');
  });

  it('is unhealthy with another status, and says which', async (context) => {
    const url = await serve(context, (_, response) => response.writeHead(503).end());
    const result = await ask(check(url));
    assert.equal(found(result), 'unhealthy http-status');
    assert.ok(result.reason && say(result.reason).includes('503'));
    assert.equal(found(await ask(check(url, { expect_status: [{ from: 503, to: 503 }] }))), 'healthy');
  });

  it('is unhealthy when the body is another', async (context) => {
    const url = await serve(context, (_, response) => response.end('maintenance'));
    assert.equal(found(await ask(check(url, { body_matches: 'ok' }))), 'unhealthy http-body');
  });

  it('reads no more of a body than 256 KB, however much there is', async (context) => {
    let sent = 0;
    const url = await serve(context, (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    });
    assert.equal(found(await ask(check(url, { body_matches: 'ok' }))), 'unhealthy http-body');
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  });

  it('is degraded when it answers slowly, time and again', async (context) => {
    const url = await serve(context, (_, response) => response.end());
    const slow = check(url, { degraded_over: 0 });
    await ask(slow);
    await ask(slow);
    assert.equal(found(await ask(slow)), 'degraded net-slow');
  });

  it('follows redirects, or judges them', async (context) => {
    const url = await serve(context, (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/end' }).end();
      else response.writeHead(request.url === '/end' ? 200 : 404).end('the end');
    });
    assert.equal(found(await ask(check(url, { body_matches: 'the end' }))), 'healthy');
    const judged = check(url, { follow_redirects: false, expect_status: [{ from: 200, to: 200 }] });
    assert.equal(found(await ask(judged)), 'unhealthy http-status');
  });

  it('ends a redirect loop, and one that leads nowhere', async (context) => {
    const loop = await serve(context, (_, response) => response.writeHead(301, { location: '/again' }).end());
    assert.equal(found(await ask(check(loop))), 'unhealthy http-redirect-loop');
    const nowhere = await serve(context, (_, response) => response.writeHead(301, { location: 'http://[' }).end());
    assert.equal(found(await ask(check(nowhere))), 'unhealthy http-redirect-nowhere');
  });

  it('tells apart why there is no answer', async (context) => {
    const gone = createTcpServer();
    const refused = await listen(context, gone);
    gone.close();
    await once(gone, 'close');
    assert.equal(found(await ask(check(`http://127.0.0.1:${refused}`))), 'unhealthy net-refused');
    assert.match(
      found(await ask(check('http://no-such-host.invalid'))),
      /^(unhealthy net-no-such-host|unknown net-no-resolver)$/,
    );
    const closing = await listen(
      context,
      createTcpServer((socket) => socket.end()),
    );
    assert.equal(found(await ask(check(`http://127.0.0.1:${closing}`))), 'unhealthy net-closed');
    const babble = await listen(
      context,
      createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n')),
    );
    assert.equal(found(await ask(check(`http://127.0.0.1:${babble}`))), 'unhealthy http-not-http');
    const plain = await serve(context, (_, response) => response.end());
    assert.match(found(await ask(check(plain.replace('http:', 'https:')))), /^unhealthy/);
  });

  it('says for how many days the certificate is still good, and warns in time', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'orbit-http-'));
    context.after(() => rm(folder, { recursive: true }));
    // Nobody vouches for it, and this test does not ask who.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    context.after(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    });
    for (const [days, expected] of [
      [90, 'healthy'],
      [10, 'degraded tls-expires'],
      [2, 'unhealthy tls-expires'],
    ] as const) {
      const { key, cert } = certificateMaker(folder).selfSigned(`own-${days}`, 'localhost', days);
      let connections = 0;
      const server = createTlsServer({ key, cert }, (_, response) => response.end());
      server.on('connection', () => {
        connections += 1;
      });
      const port = await listen(context, server);
      const asked = check(`https://localhost:${port}`);
      const result = await ask(asked);
      assert.equal(found(result), expected);
      assert.equal(metric(result, 'days_left').value, days - 1);
      await ask(asked);
      await until(() => connections >= 3, 'the server has seen all of them');
      assert.equal(connections, 3, 'the certificate is looked at once an hour');
    }
  });

  it('says that it is the certificate', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'orbit-http-'));
    context.after(() => rm(folder, { recursive: true }));
    const { key, cert } = certificateMaker(folder).selfSigned('own', '127.0.0.1', 90);
    const port = await listen(
      context,
      createTlsServer({ key, cert }, (_, response) => response.end()),
    );
    assert.equal(found(await ask(check(`https://127.0.0.1:${port}`))), 'unhealthy http-certificate');
  });

  it('gives up at its own deadline, and at the deadline of whoever asks', async (context) => {
    const silent = await serve(context, () => {});
    assert.equal(found(await ask(check(silent, { timeout: 50 }))), 'unhealthy net-timeout');
    assert.equal(found(await ask(check(silent), { within: 50 })), 'unhealthy net-timeout');
    const halfway = await serve(context, (_, response) => response.write('begun'));
    assert.equal(found(await ask(check(halfway, { timeout: 50, body_matches: 'ended' }))), 'unhealthy net-timeout');
  });

  it('does not say more of the address than host and port', async (context) => {
    const url = await serve(context, (_, response) => response.writeHead(500).end());
    const result = await ask(check(`${url}/status?token=secret-4711`));
    assert.ok(result.reason && !JSON.stringify(result).includes('secret-4711'));
  });
});
