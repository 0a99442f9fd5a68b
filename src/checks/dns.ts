import { promises as dns } from 'node:dns';
import type { Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { roll } from '../core/rolling.ts';
import type { Check } from './check.ts';
import { codeOf, type Failure, isDeadline } from './connect.ts';
import { answered } from './slow.ts';

export type DnsRecord = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT';

export interface DnsCheckOptions {
  readonly id: string;
  /** The name that is asked for. */
  readonly name: string;
  readonly record: DnsRecord;
  /** Address of the server to ask, `1.1.1.1`, `1.1.1.1:53` or `[::1]:53`; null: those of this machine. */
  readonly server: string | null;
  /** Each of these has to be among the answers; none: any answer will do. */
  readonly expect: readonly string[];
  /** ms; null: never too slow. */
  readonly degraded_over: number | null;
}

/** An answer is waited for so long before it is asked for once more; UDP loses packets. */
const TRY_MS = 1500;

/** Does a name resolve, to what it should, and how fast? /etc/hosts is not looked at. */
export function createDnsCheck(options: DnsCheckOptions): Check {
  const { id, name, record, server, expect, degraded_over } = options;
  let latencies: readonly number[] = [];

  return {
    id,
    kind: 'dns',
    async run({ signal }) {
      const resolver = new dns.Resolver({ timeout: TRY_MS, tries: 2 });
      if (server !== null) resolver.setServers([server]);
      const cancel = (): void => resolver.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      const started = performance.now();
      let answers: readonly string[];
      try {
        signal.throwIfAborted();
        answers = await ask(resolver, name, record);
      } catch (error) {
        return { ...dnsFailure(error), metrics: [] };
      } finally {
        signal.removeEventListener('abort', cancel);
      }
      const latency = performance.now() - started;
      latencies = roll(latencies, latency);
      const metrics: readonly Metric[] = [
        { name: 'latency', value: latency, unit: 'ms' },
        { name: 'answers', value: answers.length, unit: 'count' },
      ];

      const found = new Set(answers.map(plain));
      const absent = expect.filter((each) => !found.has(plain(each)));
      if (absent.length > 0) {
        const args = { name, record, found: shorten(answers), expected: absent.join(', ') };
        return { verdict: 'unhealthy', reason: reason('dns-other-answer', args), metrics };
      }
      return answered(latencies, degraded_over, (ms, limit) => reason('dns-slow', { name, ms, limit }), metrics);
    },
    async close() {},
  };

  function dnsFailure(error: unknown): Failure {
    const code = codeOf(error);
    const asked = server ?? 'own';
    switch (code) {
      case 'ENOTFOUND':
        return { verdict: 'unhealthy', reason: reason('dns-no-such-name', { name }) };
      case 'ENODATA':
        return { verdict: 'unhealthy', reason: reason('dns-no-record', { name, record }) };
      case 'ESERVFAIL':
        return { verdict: 'unhealthy', reason: reason('dns-server-failed', { name, server: asked }) };
      case 'EREFUSED':
        return { verdict: 'unhealthy', reason: reason('dns-server-refused', { name, server: asked }) };
    }
    const silent = ['ETIMEOUT', 'ECANCELLED', 'ECONNREFUSED'].includes(code) || isDeadline(error);
    if (!silent) return { verdict: 'unknown', reason: reason('dns-error', { name, code: code || '?' }) };
    // A server that was named is what is being watched; this machine's own is only the way to ask.
    return {
      verdict: server === null ? 'unknown' : 'unhealthy',
      reason: reason('dns-server-silent', { server: asked }),
    };
  }
}

async function ask(resolver: dns.Resolver, name: string, record: DnsRecord): Promise<readonly string[]> {
  switch (record) {
    case 'A':
      return resolver.resolve4(name);
    case 'AAAA':
      return resolver.resolve6(name);
    case 'CNAME':
      return resolver.resolveCname(name);
    case 'NS':
      return resolver.resolveNs(name);
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`);
  }
}

/** Names are the same with and without the last dot, in capitals or not. */
function plain(answer: string): string {
  return answer.toLowerCase().replace(/\.$/, '');
}

function shorten(answers: readonly string[]): string {
  const text = answers.join(', ');
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
