import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connectFailure } from '../../src/checks/connect.ts';
import { createTcpCheck } from '../../src/checks/tcp.ts';
import { ask, found, metric, say } from './asking.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('tcp', () => {
  const server = createServer((socket) => socket.on('error', () => {}));
  let port = 0;
  before(async () => {
    port = await listen(server);
  });
  after(() => server.close());
  const check = (over: number | null = null) =>
    createTcpCheck({ id: 'tcp', host: '127.0.0.1', port, degraded_over: over });

  it('is healthy when the port takes the connection, and says how fast', async () => {
    const result = await ask(check());
    assert.equal(found(result), 'healthy');
    assert.deepEqual([metric(result, 'latency').unit, metric(result, 'latency').value > 0], ['ms', true]);
  });

  it('leaves no connection behind', async () => {
    await ask(check());
    await new Promise<void>((resolve) => {
      const look = () => server.getConnections((_, count) => (count === 0 ? resolve() : setImmediate(look)));
      look();
    });
  });

  it('is degraded by the median, not by its first slow answers', async () => {
    const slow = check(0);
    assert.equal(found(await ask(slow)), 'healthy');
    assert.equal(found(await ask(slow)), 'healthy');
    assert.equal(found(await ask(slow)), 'degraded net-slow');
  });

  it('says that nothing listens', async () => {
    const closed = createServer();
    const gone = await listen(closed);
    closed.close();
    await once(closed, 'close');
    const result = await ask(createTcpCheck({ id: 'tcp', host: '127.0.0.1', port: gone, degraded_over: null }));
    assert.equal(found(result), 'unhealthy net-refused');
    assert.ok(result.reason && say(result.reason).includes(`127.0.0.1:${gone}`));
  });

  it('ends at the deadline', async () => {
    const options = { id: 'tcp', host: '127.0.0.1', port, degraded_over: null };
    const result = await createTcpCheck(options).run({ pid: null, now: 0, signal: AbortSignal.abort() });
    assert.equal(found(result), 'unhealthy net-timeout');
  });

  it('says that there is no such host', async () => {
    const result = await ask(createTcpCheck({ id: 'tcp', host: 'no.such.host.invalid', port, degraded_over: null }));
    // A machine without any name server cannot know.
    assert.match(found(result), /^(unhealthy net-no-such-host|unknown net-no-resolver)$/);
  });
});

describe('a connection that failed', () => {
  const failed = (code: string) => Object.assign(new Error('failed'), { code });
  const cases: readonly (readonly [Error, string])[] = [
    [failed('ENETUNREACH'), 'unknown net-own-network'],
    [failed('ENETDOWN'), 'unknown net-own-network'],
    [failed('EMFILE'), 'unknown net-own-files'],
    [failed('EAI_AGAIN'), 'unknown net-no-resolver'],
    [failed('EACCES'), 'unknown net-forbidden'],
    [failed('EHOSTUNREACH'), 'unhealthy net-unreachable'],
    [failed('ECONNRESET'), 'unhealthy net-closed'],
    [failed('ENOENT'), 'unhealthy net-no-socket'],
    [failed('EWHATEVER'), 'unhealthy net-error'],
    [new AggregateError([failed('ENETUNREACH'), failed('ECONNREFUSED')]), 'unhealthy net-refused'],
    [new AggregateError([failed('ENETUNREACH'), failed('ENETUNREACH')]), 'unknown net-own-network'],
  ];
  for (const [error, expected] of cases) {
    const name = error instanceof AggregateError ? error.errors.map((each) => each.code).join(' and ') : error;
    it(`by ${name instanceof Error && 'code' in name ? name.code : name} is ${expected}`, () => {
      const failure = connectFailure(error, '10.0.0.1:443');
      say(failure.reason);
      assert.equal(`${failure.verdict} ${failure.reason.code}`, expected);
    });
  }
});
