import type { CheckConfig } from '../config/schema.ts';
import type { Check } from './check.ts';
import type { BootMemory } from './host.ts';

/** The check of one entry of `checks:`, loaded when it is configured. Throws for a kind that is not served. */
export async function createCheck(config: CheckConfig, boot: BootMemory | null): Promise<Check> {
  switch (config.type) {
    case 'process': {
      const { createProcessCheck } = await import('./process.ts');
      return createProcessCheck(config.id);
    }
    case 'http': {
      const { createHttpCheck } = await import('./http.ts');
      return createHttpCheck(config);
    }
    case 'tcp': {
      const { createTcpCheck } = await import('./tcp.ts');
      return createTcpCheck(config);
    }
    case 'tls': {
      const { createTlsCheck } = await import('./tls.ts');
      return createTlsCheck(config);
    }
    case 'dns': {
      const { createDnsCheck } = await import('./dns.ts');
      return createDnsCheck(config);
    }
    case 'command': {
      const { createCommandCheck } = await import('./command.ts');
      return createCommandCheck(config);
    }
    case 'log': {
      const { createLogCheck } = await import('./log.ts');
      return createLogCheck(config);
    }
    case 'redis': {
      const { createRedisCheck } = await import('./redis.ts');
      return createRedisCheck(config);
    }
    case 'postgres': {
      const { createPostgresCheck } = await import('./postgres.ts');
      return createPostgresCheck(config);
    }
    case 'host': {
      const { createHostCheck } = await import('./host.ts');
      return createHostCheck({ ...config, boot });
    }
    default:
      throw new Error(`The check ${config.type} is not served by this version`);
  }
}
