import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyNodeMessage, cleanNodeMessage } from '../../src/core/panel-message.ts';

/** As real panels stored them. */
const said: readonly (readonly [string, string, string])[] = [
  ['[Errno 111] Connection refused', '[Errno 111] Connection refused', 'refused'],
  [
    `(0, "HTTPSConnectionPool(host='1.2.3.4', port=62050): Read timed out. (read timeout=10)")`,
    `HTTPSConnectionPool(host='1.2.3.4', port=62050): Read timed out. (read timeout=10)`,
    'timeout',
  ],
  [
    `(503, 'Failed to start: app/proxyman/inbound: failed to listen TCP on 443 > listen tcp 0.0.0.0:443: bind: address already in use')`,
    'Failed to start: app/proxyman/inbound: failed to listen TCP on 443 > listen tcp 0.0.0.0:443: bind: address already in use',
    'xray-start-failed',
  ],
  [`(403, 'Session ID mismatch.')`, 'Session ID mismatch.', 'session-stolen'],
  [`Failed to connect to node's API`, `Failed to connect to node's API`, 'grpc-api'],
  ['timed out', 'timed out', 'timeout'],
  ['connection closed by peer', 'connection closed by peer', 'unknown'],
  [
    `(0, "HTTPSConnectionPool(host='1.2.3.4', port=62050): Max retries exceeded with url: /ping (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')))")`,
    `HTTPSConnectionPool(host='1.2.3.4', port=62050): Max retries exceeded with url: /ping (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')))`,
    'tls',
  ],
];

for (const [raw, clean, kind] of said) {
  test(`"${raw.slice(0, 40)}…" is ${kind}`, () => {
    assert.equal(cleanNodeMessage(raw), clean);
    assert.equal(classifyNodeMessage(cleanNodeMessage(raw)), kind);
  });
}

test('nothing said is nothing', () => {
  for (const nothing of [null, undefined, '', '  ', "(0, '')"]) assert.equal(cleanNodeMessage(nothing), null);
  assert.equal(classifyNodeMessage(null), 'unknown');
});

test('a page of text becomes a line', () => {
  const line = cleanNodeMessage(`(500, '${'long\\n '.repeat(400)}')`);
  assert.ok(line !== null && line.length === 200 && line.endsWith('…') && !line.includes('\n'));
});
