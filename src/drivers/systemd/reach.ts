import { type Reason, reason } from '../../core/reason.ts';
import { busEndpoints } from '../dbus/address.ts';
import type { Endpoint } from '../dbus/connection.ts';

/** How one systemd is reached: the machine's or a user's. */
export interface SystemdReach {
  /** Tried in this order. */
  readonly endpoints: readonly Endpoint[];
  /** The program that reads its journal, with what it always needs. */
  readonly journal: readonly string[];
  /** What to say when nothing of it is there; left out: that no systemd is to be found. */
  readonly absent?: Reason;
}

/**
 * The bus first, which is the documented way; then systemd's own socket, which `systemctl` uses too and which still
 * works when the bus is down. The machine's own socket is for root alone.
 */
export function systemdReach(user: boolean, environment: NodeJS.ProcessEnv): SystemdReach {
  const uid = process.geteuid?.() ?? 0;
  if (user) {
    const folder = environment.XDG_RUNTIME_DIR ?? `/run/user/${uid}`;
    const bus = environment.DBUS_SESSION_BUS_ADDRESS ?? `unix:path=${folder}/bus`;
    const own = { path: `${folder}/systemd/private`, direct: true };
    const absent = reason('systemd-user-absent', { user: String(uid), folder });
    return { endpoints: [...busEndpoints(bus), own], journal: ['journalctl'], absent };
  }
  const bus = environment.DBUS_SYSTEM_BUS_ADDRESS ?? 'unix:path=/run/dbus/system_bus_socket';
  const own = uid === 0 ? [{ path: '/run/systemd/private', direct: true }] : [];
  return { endpoints: [...busEndpoints(bus), ...own], journal: ['journalctl'] };
}
