import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { busEndpoints } from '../../../src/drivers/dbus/address.ts';
import { decodeMessage, encodeCall } from '../../../src/drivers/dbus/message.ts';
import { Reader, splitSignature, WireError } from '../../../src/drivers/dbus/reader.ts';

const call = encodeCall(7, {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  iface: 'org.freedesktop.systemd1.Manager',
  member: 'ListUnitsByNames',
  signature: 'asubi',
  args: [['a.service', 'b ü.service'], 4_000_000_000, true, -2],
});

/** Little-endian bytes of what is written as numbers (one byte each) and texts. */
function bytes(...parts: (number | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));
}

describe('D-Bus messages', () => {
  it('come back as they were written', () => {
    const decoded = decodeMessage(Buffer.concat([call, call]));
    assert.ok(decoded);
    assert.equal(decoded.length, call.length);
    const { kind, path, iface, member } = decoded.message;
    assert.deepEqual(
      [kind, path, iface, member],
      ['call', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'ListUnitsByNames'],
    );
    assert.deepEqual(decoded.message.body(), [['a.service', 'b ü.service'], 4_000_000_000, true, -2]);
  });

  it('are waited for until they are complete', () => {
    for (let length = 0; length < call.length; length += 1) assert.equal(decodeMessage(call.subarray(0, length)), null);
  });

  it('read every type, in both byte orders', () => {
    const little = bytes(3, 0, 0, 0, 'abc', 0, 2, 'ay', 0, 2, 0, 0, 0, 8, 9);
    assert.deepEqual(new Reader(little, true).all('sv'), ['abc', [8, 9]]);
    const big = bytes(0, 0, 0, 3, 'abc', 0);
    assert.deepEqual(new Reader(big, false).all('s'), ['abc']);
    const wide = Buffer.alloc(16);
    wide.writeBigInt64LE(-5n, 0);
    wide.writeBigUInt64LE(1_795_461_116_579_000n, 8);
    assert.deepEqual(new Reader(wide, true).all('xt'), [-5, 1_795_461_116_579_000]);
    const map = bytes(10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'k', 0, 0, 1, 'y', 0);
    map[4] = 0;
    assert.throws(() => new Reader(map, true).all('a{sv}'), WireError);
    assert.deepEqual(splitSignature('sa{sv}(i(ss))aai'), ['s', 'a{sv}', '(i(ss))', 'aai']);
  });

  it('that break the rules are refused, and never take long or anything else down', () => {
    assert.throws(() => decodeMessage(Buffer.alloc(16)), WireError);
    const huge = Buffer.from(call);
    huge.writeUInt32LE(0x7fffffff, 4);
    assert.throws(() => decodeMessage(huge), WireError);
    assert.throws(() => new Reader(bytes(8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), true).all('a()'), WireError);
    const nested = Buffer.concat(Array(100).fill(bytes(1, 'v', 0)));
    assert.throws(() => new Reader(nested, true).all('v'), WireError);
    let seed = 1;
    for (let round = 0; round < 3000; round += 1) {
      const broken = Buffer.from(call);
      for (let change = 0; change < 3; change += 1) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        broken[seed % broken.length] = (seed >> 8) & 0xff;
      }
      try {
        decodeMessage(broken)?.message.body();
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  });
});

describe('D-Bus addresses', () => {
  it('give the Unix sockets they name', () => {
    assert.deepEqual(busEndpoints('unix:path=/run/a%20b/bus,guid=1;tcp:host=x,port=1;unix:abstract=/tmp/x'), [
      { path: '/run/a b/bus', direct: false },
      { path: '\0/tmp/x', direct: false },
    ]);
    assert.deepEqual(busEndpoints(''), []);
  });
});
