import { join } from 'node:path';
import type { ServiceConfig } from '../config/schema.ts';
import type { Driver } from './driver.ts';
import type { LaunchOptions } from './options.ts';

/**
 * The driver of a service. Each kind is loaded when a service asks for it, so that nobody pays for what is not
 * configured. `isConfigured`: whether there is a service of that name.
 */
export async function createDriver(
  service: ServiceConfig,
  dataDir: string,
  clock: () => number,
  isConfigured: (name: string) => boolean,
): Promise<Driver> {
  switch (service.driver) {
    case 'process': {
      const { createProcessDriver } = await import('./process.ts');
      const { guardAgainstStrays } = await import('./stray.ts');
      const options = launch(service, dataDir, clock);
      return guardAgainstStrays(createProcessDriver(options), options, isConfigured);
    }
    case 'tmux': {
      const { createTmuxDriver } = await import('./tmux.ts');
      const { tmux_session, tmux_socket } = service;
      return createTmuxDriver({ ...launch(service, dataDir, clock), tmux_session, tmux_socket });
    }
    case 'systemd': {
      const { createSystemdDriver } = await import('./systemd.ts');
      const { name, unit, user, stop_timeout, takeover } = service;
      return createSystemdDriver({ name, unit, user, stop_timeout, takeover, clock });
    }
    case 'docker': {
      const { createDockerDriver, dockerSocket } = await import('./docker.ts');
      const { name, container, compose, compose_service, stop_timeout, takeover } = service;
      const named = { container, compose_project: compose, compose_service };
      const socket = service.docker_socket ?? dockerSocket(process.env);
      if (compose !== null && compose_service === null) {
        const { createProjectDriver } = await import('./docker-project.ts');
        return createProjectDriver({ name, project: compose, socket, stop_timeout, takeover, clock });
      }
      return createDockerDriver({ name, ...named, socket, stop_timeout, takeover, clock });
    }
    case 'external': {
      const { createExternalDriver } = await import('./external.ts');
      return createExternalDriver(service.name, clock);
    }
  }
}

type Launched = Extract<ServiceConfig, { readonly driver: 'process' | 'tmux' }>;

function launch(service: Launched, dataDir: string, clock: () => number): LaunchOptions {
  const { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout } = service;
  const run_dir = join(dataDir, 'run', name);
  return { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout, run_dir, clock };
}
