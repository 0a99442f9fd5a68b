import type { CheckConfig } from '../config/schema.ts';
import type { Check } from './check.ts';

/** The check of one entry of `checks:`, loaded when it is configured. Throws for a kind that is not served. */
export async function createCheck(config: CheckConfig): Promise<Check> {
  switch (config.type) {
    case 'process': {
      const { createProcessCheck } = await import('./process.ts');
      return createProcessCheck(config.id);
    }
    case 'http': {
      const { createHttpCheck } = await import('./http.ts');
      return createHttpCheck(config);
    }
    default:
      throw new Error(`The check ${config.type} is not served by this version`);
  }
}
