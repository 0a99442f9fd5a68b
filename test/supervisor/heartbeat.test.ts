import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger } from '../../src/logger.ts';
import { createHeartbeat, type HeartbeatView, heartbeatDue } from '../../src/supervisor/heartbeat.ts';
import { until } from '../world/until.ts';
import { startWebhook } from '../world/webhook.ts';

const view: HeartbeatView = { now: 1_000_000, pingedAt: 940_000, loopsTurn: true, checksLate: 0 };

describe('the heartbeat', () => {
  it('beats each minute, and only while the loops turn and checks are on time', () => {
    assert.ok(heartbeatDue(view));
    assert.ok(heartbeatDue({ ...view, pingedAt: null }));
    assert.ok(!heartbeatDue({ ...view, pingedAt: 941_000 }));
    assert.ok(!heartbeatDue({ ...view, loopsTurn: false }));
    assert.ok(!heartbeatDue({ ...view, checksLate: 60_001 }));
  });

  it('calls its address, says once when that is not taken, and keeps the address to itself', async () => {
    const receiver = await startWebhook('/ping/secret-part');
    const lines: string[] = [];
    const log = createLogger({ level: 'trace', format: 'json', to: { write: (line) => void lines.push(line) } });
    let now = 0;
    const url = receiver.url;
    const beat = createHeartbeat({ url, log, clock: () => now, view: () => ({ loopsTurn: true, checksLate: 0 }) });
    receiver.answer(500, 500, 204);
    for (let round = 1; round <= 3; round += 1) {
      beat.tick();
      beat.tick();
      await until(() => receiver.received.length === round);
      now += 60_000;
    }
    await until(() => lines.length >= 2);
    assert.deepEqual(receiver.received.map(({ method, path }) => `${method} ${path}`).at(-1), 'GET /ping/secret-part');
    assert.equal(lines.filter((line) => line.includes('not taken')).length, 1);
    await receiver.stop();
    beat.tick();
    await until(() => lines.filter((line) => line.includes('not taken')).length === 2);
    assert.ok(!lines.join().includes('secret-part'));
  });
});
