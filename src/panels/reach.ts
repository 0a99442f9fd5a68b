import { connect } from 'node:net';

/** A node's port answers within this or not at all, ms. */
const DEADLINE_MS = 3000;

/** Asks whether something takes connections there; sends nothing. */
export type Reach = (address: string, port: number, signal: AbortSignal) => Promise<boolean>;

/** Whether a TCP connection to the port comes about. */
export const reachPort: Reach = (address, port, signal) =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (reachable: boolean) => {
      clearTimeout(limit);
      signal.removeEventListener('abort', give);
      socket.destroy();
      resolve(reachable);
    };
    const give = () => end(false);
    const limit = setTimeout(give, DEADLINE_MS);
    signal.addEventListener('abort', give, { once: true });
    socket.once('connect', () => end(true));
    socket.once('error', give);
  });
