import { connect } from 'node:net';
import type { Metric } from '../core/health.ts';
import { reason } from '../core/reason.ts';
import { roll } from '../core/rolling.ts';
import type { Check } from './check.ts';
import { addressOf, connectFailure, opened } from './connect.ts';
import { answered } from './slow.ts';

export interface TcpCheckOptions {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** ms until the connection stands, name look-up included; null: never too slow. */
  readonly degraded_over: number | null;
}

/** Does a port take connections, and how fast? Nothing is sent. */
export function createTcpCheck(options: TcpCheckOptions): Check {
  const { id, host, port, degraded_over } = options;
  const address = addressOf(host, port);
  let latencies: readonly number[] = [];

  return {
    id,
    kind: 'tcp',
    async run({ signal }) {
      const started = performance.now();
      const socket = connect({ host, port });
      try {
        await opened(socket, 'connect', signal);
      } catch (error) {
        return { ...connectFailure(error, address), metrics: [] };
      }
      const latency = performance.now() - started;
      socket.destroy();

      latencies = roll(latencies, latency);
      const metrics: readonly Metric[] = [{ name: 'latency', value: latency, unit: 'ms' }];
      return answered(latencies, degraded_over, (ms, limit) => reason('net-slow', { address, ms, limit }), metrics);
    },
    async close() {},
  };
}
