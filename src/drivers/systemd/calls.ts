import type { Connection, Reply } from '../dbus/connection.ts';
import type { MethodCall } from '../dbus/message.ts';

export const systemd = 'org.freedesktop.systemd1';
export const managerPath = '/org/freedesktop/systemd1';
export const properties = 'org.freedesktop.DBus.Properties';

/** A call of systemd's manager object. */
export function toManager(member: string, signature = '', args: MethodCall['args'] = []): MethodCall {
  return { destination: systemd, path: managerPath, iface: `${systemd}.Manager`, member, signature, args };
}

/** All properties of a unit at one moment, those of every unit and those of its kind. */
export function allProperties(path: string): MethodCall {
  return { destination: systemd, path, iface: properties, member: 'GetAll', signature: 's', args: [''] };
}

/** Asks a bus to hand on the signals that `rule` describes. */
export function addMatch(opened: Connection, rule: string): Promise<Reply> {
  return opened.call({
    destination: 'org.freedesktop.DBus',
    path: '/org/freedesktop/DBus',
    iface: 'org.freedesktop.DBus',
    member: 'AddMatch',
    signature: 's',
    args: [rule],
  });
}
