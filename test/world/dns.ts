import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What the server says to a question; undefined: nothing at all. */
export type DnsAnswer = { readonly rcode: number } | { readonly records: readonly Buffer[]; readonly type: number };

/** Record types as they stand in a packet. */
export const dnsTypes = { A: 1, NS: 2, CNAME: 5, MX: 15, TXT: 16, AAAA: 28 } as const;

/** A name server on a free loopback port which says what `answer` says. */
export async function startDns(answer: (name: string, type: number) => DnsAnswer | undefined) {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const { name, type, end } = readQuestion(question);
    const said = answer(name, type);
    if (said) socket.send(reply(question.subarray(0, end), said), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** A name as a record holds it: each label after its length. */
export function dnsName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

function readQuestion(packet: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), type: packet.readUInt16BE(at + 1), end: at + 5 };
}

/** The question again, marked as an answer, and one record for each that is given, pointing back at the name asked. */
function reply(question: Buffer, said: DnsAnswer): Buffer {
  const records = 'records' in said ? said.records : [];
  const head = Buffer.from(question);
  head.writeUInt16BE('rcode' in said ? 0x8180 | said.rcode : 0x8180, 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const type = 'type' in said ? said.type : 0;
  const bodies = records.map((data) => {
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(60, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, ...bodies]);
}
