import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDiskReader } from '../../src/checks/host-disks.ts';
import { countCpus, parseCpu, parseLoad, parseMemory, parseMounts, parseNetwork } from '../../src/checks/host-proc.ts';

/** Of a server with a data disk, a snap, Docker, a systemd sandbox and a network share. */
const mountinfo = `
22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334460k
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684084k
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 27 254:15 / /boot/efi rw,relatime shared:2 - vfat /dev/vda15 rw,fmask=0077
31 27 254:16 / /srv/my\\040disk rw,noatime shared:3 - xfs /dev/vdb1 ro,attr2
32 27 7:0 / /snap/core/1 ro,nodev,relatime shared:4 - squashfs /dev/loop0 ro
33 27 0:40 / /var/lib/docker/overlay2/abc/merged rw,relatime - overlay overlay rw,lowerdir=x
34 27 254:1 /var/tmp/private /var/tmp rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
35 27 0:45 / /mnt/share rw,relatime shared:5 - nfs4 storage:/export rw,vers=4.2
36 27 0:46 / /tank rw,relatime shared:6 - zfs tank rw,xattr
37 27 254:17 / /media/archive ro,relatime shared:7 - ext4 /dev/vdc1 ro
`;

describe('/proc', () => {
  it('mounts: disks only, each once, at its shortest path', () => {
    assert.deepEqual(
      parseMounts(mountinfo).map(({ path, type }) => `${path} ${type}`),
      ['/ ext4', '/boot/efi vfat', '/media/archive ext4', '/srv/my disk xfs', '/tank zfs'],
    );
  });

  it('mounts: what the kernel made read-only, but not what was mounted so', () => {
    assert.deepEqual(
      parseMounts(mountinfo)
        .filter((mount) => mount.becameReadOnly)
        .map(({ path }) => path),
      ['/srv/my disk'],
    );
  });

  it("mounts: a container's root counts, whatever it is on", () => {
    const overlay = '400 300 0:51 / / rw,relatime master:1 - overlay overlay rw,lowerdir=a\n';
    assert.deepEqual(
      parseMounts(overlay).map(({ path }) => path),
      ['/'],
    );
  });

  it('processor times', () => {
    const stat = 'cpu  100 5 50 800 20 3 2 20 7 0\ncpu0 50 2 25 400 10 1 1 10 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 1\n';
    assert.deepEqual(parseCpu(stat), { total: 1000, idle: 800, iowait: 20, steal: 20 });
    assert.equal(countCpus(stat), 2);
    assert.equal(parseCpu('nothing'), null);
  });

  it('memory and load', () => {
    assert.equal(parseMemory('MemTotal: 10 kB\n'), null, 'a kernel that does not say what is available');
    assert.equal(parseMemory('MemTotal: 10 kB\nMemAvailable: 4 kB\n')?.available, 4096);
    assert.deepEqual(parseLoad('1.50 0.75 0.10 2/300 4000\n'), [1.5, 0.75, 0.1]);
    assert.equal(parseLoad(''), null);
  });

  it('network: interfaces that lead out of the machine', () => {
    const line = '1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0';
    const dev = `head |\n  lo: ${line}\ndocker0: ${line}\n  eth0:${line}\n  wg0: ${line}\nbr-1a2b: ${line}\n`;
    assert.deepEqual(parseNetwork(dev), [
      { name: 'eth0', receivedBytes: 1, sentBytes: 5, packets: 8, bad: 22 },
      { name: 'wg0', receivedBytes: 1, sentBytes: 5, packets: 8, bad: 22 },
    ]);
  });
});

describe('disks', () => {
  const mount = { device: '8:1', path: '/data', type: 'ext4', becameReadOnly: false };
  const size = { bsize: 1, blocks: 100, bfree: 50, bavail: 50, files: 0, ffree: 0 };

  it('one that does not answer is not asked a second time meanwhile', async () => {
    let asked = 0;
    let answer: (() => void) | undefined;
    const reader = createDiskReader(
      () =>
        new Promise((resolve) => {
          asked += 1;
          answer = () => resolve(size);
        }),
    );
    const first = reader.read([mount], 0);
    assert.deepEqual(await reader.read([mount], 1), []);
    assert.equal(asked, 1);
    answer?.();
    assert.equal((await first)[0]?.usedPercent, 50);
  });

  it('a file system that counts no files has no share of them', async () =>
    assert.equal((await createDiskReader(async () => size).read([mount], 0))[0]?.inodesPercent, null));

  it('one that is gone is left out', async () =>
    assert.deepEqual(await createDiskReader(() => Promise.reject(new Error('ENOENT'))).read([mount], 0), []));
});
