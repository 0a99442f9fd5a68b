import { reason } from '../core/reason.ts';
import { type Channel, channelOf } from './channel.ts';
import type { Delivery, Transport } from './transport.ts';

/** One transport of several: each message takes the one of its chat. */
export function createRouter(ways: Readonly<Partial<Record<Channel, Transport>>>): Transport {
  const off: Delivery = { outcome: 'refused', cause: reason('channel-off') };
  return {
    send: async (to, message) => (await ways[channelOf(to.chat)]?.send(to, message)) ?? off,
    edit: async (to, id, message) => (await ways[channelOf(to.chat)]?.edit(to, id, message)) ?? off,
  };
}
