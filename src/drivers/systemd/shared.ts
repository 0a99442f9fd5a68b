import { createLink, type SystemdLink } from './link.ts';
import type { SystemdReach } from './reach.ts';

const links = new Map<string, { readonly link: SystemdLink; users: number }>();

/** The link to that systemd, one for all its units; returns it and how to leave it. */
export function joinLink(reach: SystemdReach): { link: SystemdLink; leave: () => void } {
  const key = JSON.stringify(reach.endpoints);
  const shared = links.get(key) ?? { link: createLink(reach), users: 0 };
  links.set(key, shared);
  shared.users += 1;
  return {
    link: shared.link,
    leave() {
      shared.users -= 1;
      if (shared.users > 0) return;
      links.delete(key);
      shared.link.close();
    },
  };
}
