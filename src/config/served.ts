/**
 * What this version can really do. The schema already knows the words of later versions, so that a file can say them
 * in the right place; using one that does not stand here is a mistake. To serve something new, add its word here.
 */
export const servedDrivers: readonly string[] = ['process', 'tmux', 'systemd', 'docker', 'external'];

export const servedChecks: readonly string[] = [
  ...['process', 'http', 'tcp', 'tls', 'dns', 'command', 'log', 'redis', 'postgres', 'host', 'panel'],
];
