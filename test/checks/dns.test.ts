import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createDnsCheck, type DnsCheckOptions } from '../../src/checks/dns.ts';
import { dnsName, dnsTypes, startDns } from '../world/dns.ts';
import { ask, found, metric, say } from './asking.ts';

describe('dns', () => {
  let server: Awaited<ReturnType<typeof startDns>>;
  before(async () => {
    server = await startDns((name, type) => {
      if (name === 'silent.test') return undefined;
      if (name === 'failing.test') return { rcode: 2 };
      if (name === 'refused.test') return { rcode: 5 };
      if (name !== 'panel.test') return { rcode: 3 };
      if (type === dnsTypes.A) return { type, records: [Buffer.from([10, 0, 0, 1]), Buffer.from([10, 0, 0, 2])] };
      if (type === dnsTypes.MX) return { type, records: [Buffer.concat([Buffer.from([0, 10]), dnsName('mail.test')])] };
      if (type === dnsTypes.TXT) return { type, records: [Buffer.from('\x0bv=spf1 -all', 'latin1')] };
      return { type, records: [] };
    });
  });
  after(() => server.close());

  const check = (options: Partial<DnsCheckOptions>) =>
    createDnsCheck({
      id: 'dns',
      name: 'panel.test',
      record: 'A',
      server: server.address,
      expect: [],
      degraded_over: null,
      ...options,
    });

  it('resolves', async () => {
    const result = await ask(check({}));
    assert.equal(found(result), 'healthy');
    assert.equal(metric(result, 'answers').value, 2);
    assert.equal(metric(result, 'latency').unit, 'ms');
  });

  it('compares with what is expected, in any order, with or without the last dot', async () => {
    assert.equal(found(await ask(check({ expect: ['10.0.0.2', '10.0.0.1'] }))), 'healthy');
    assert.equal(found(await ask(check({ record: 'MX', expect: ['10 MAIL.test.'] }))), 'healthy');
    assert.equal(found(await ask(check({ record: 'TXT', expect: ['v=spf1 -all'] }))), 'healthy');
    const result = await ask(check({ expect: ['10.0.0.1', '10.9.9.9'] }));
    assert.equal(found(result), 'unhealthy dns-other-answer');
    const text = result.reason ? say(result.reason) : '';
    assert.match(text, /leads to 10\.0\.0\.1, 10\.0\.0\.2; 10\.9\.9\.9 is missing/);
  });

  const failures: readonly (readonly [Partial<DnsCheckOptions>, string])[] = [
    [{ name: 'nothing.test' }, 'unhealthy dns-no-such-name'],
    [{ record: 'AAAA' }, 'unhealthy dns-no-record'],
    [{ name: 'failing.test' }, 'unhealthy dns-server-failed'],
    [{ name: 'refused.test' }, 'unhealthy dns-server-refused'],
  ];
  for (const [options, expected] of failures) {
    it(`${options.name ?? options.record} is ${expected}`, async () =>
      assert.equal(found(await ask(check(options))), expected));
  }

  it('a silent server is given up at the deadline', async () => {
    const result = await ask(check({ name: 'silent.test' }), { within: 200 });
    assert.equal(found(result), 'unhealthy dns-server-silent');
  });

  it('is degraded by the median', async () => {
    const slow = check({ degraded_over: 0 });
    assert.equal(found(await ask(slow)), 'healthy');
    await ask(slow);
    assert.equal(found(await ask(slow)), 'degraded dns-slow');
  });

  it("this machine's own name server being silent means that nothing could be asked", async () => {
    const result = await createDnsCheck({
      id: 'dns',
      name: 'silent.test',
      record: 'A',
      server: null,
      expect: [],
      degraded_over: null,
    }).run({ pid: null, now: 0, signal: AbortSignal.abort() });
    assert.equal(found(result), 'unknown dns-server-silent');
  });
});
