import type { Endpoint } from './connection.ts';

/** The Unix sockets in a D-Bus address (`unix:path=/run/dbus/system_bus_socket;…`), in its order; others are left out. */
export function busEndpoints(address: string): Endpoint[] {
  return address.split(';').flatMap((one) => {
    const [transport, rest] = split(one, ':');
    if (transport !== 'unix') return [];
    const keys = new Map(rest.split(',').map((pair) => split(pair, '=')));
    const path = keys.get('path');
    const abstract = keys.get('abstract');
    if (path !== undefined) return [{ path: plain(path), direct: false }];
    return abstract === undefined ? [] : [{ path: `\0${plain(abstract)}`, direct: false }];
  });
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function plain(value: string): string {
  return value.replace(/%([0-9a-fA-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
