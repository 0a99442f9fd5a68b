import { join } from 'node:path';
import type { ServiceConfig } from '../config/schema.ts';
import type { Driver } from './driver.ts';
import type { LaunchOptions } from './options.ts';

/**
 * The driver of a service. Each kind is loaded when a service asks for it, so that nobody pays for what is not
 * configured. Throws for a kind that this version does not serve; the configuration has refused it before.
 */
export async function createDriver(service: ServiceConfig, dataDir: string, clock: () => number): Promise<Driver> {
  switch (service.driver) {
    case 'process': {
      const { createProcessDriver } = await import('./process.ts');
      return createProcessDriver(launch(service, dataDir, clock));
    }
    case 'tmux': {
      const { createTmuxDriver } = await import('./tmux.ts');
      const { tmux_session, tmux_socket } = service;
      return createTmuxDriver({ ...launch(service, dataDir, clock), tmux_session, tmux_socket });
    }
    default:
      throw new Error(`The driver ${service.driver} of ${service.name} is not served by this version`);
  }
}

type Launched = Extract<ServiceConfig, { readonly driver: 'process' | 'tmux' }>;

function launch(service: Launched, dataDir: string, clock: () => number): LaunchOptions {
  const { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout } = service;
  const run_dir = join(dataDir, 'run', name);
  return { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout, run_dir, clock };
}
