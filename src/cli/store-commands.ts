import { type Commands, type Json, wholeNumber } from './commands.ts';

/** The commands about Redis, the shop's figures and who uses the machine. */
export function addStoreCommands({ orbit, terminal, connect, leave }: Commands): void {
  const { say } = terminal;
  const json = say('cli-help-json');
  const which = say('cli-help-redis');

  const cache = orbit.command('cache').description(say('cli-help-cache'));

  cache
    .command('stats')
    .description(say('cli-help-cache-stats'))
    .option('--redis <service>', which)
    .option('--json', json)
    .action(async (options: Json & { readonly redis?: string }) => {
      const { showCaches } = await import('./cache.ts');
      leave(await showCaches(connect(), terminal, options.redis ?? null, options.json === true));
    });

  cache
    .command('clear')
    .description(say('cli-help-cache-clear'))
    .argument('<pattern>', say('cli-help-pattern'))
    .option('--redis <service>', which)
    .option('-y, --yes', say('cli-help-yes'))
    .option('--count <n>', say('cli-help-count'), wholeNumber(say('cli-cache-count-wrong')))
    .option('--json', json)
    .action(
      async (
        pattern: string,
        options: Json & { readonly redis?: string; readonly yes?: true; readonly count?: number },
      ) => {
        const { clearCache } = await import('./cache.ts');
        const { redis: store = null, yes = false, count = null } = options;
        const wishes = { store, pattern, yes, count, json: options.json === true };
        leave(await clearCache(connect(), terminal, wishes));
      },
    );

  orbit
    .command('top')
    .description(say('cli-help-top'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { showTop } = await import('./top.ts');
      leave(await showTop(connect(), terminal, options.json === true));
    });

  orbit
    .command('users')
    .description(say('cli-help-users'))
    .command('stats')
    .description(say('cli-help-users-stats'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { showShop } = await import('./shop.ts');
      leave(await showShop(connect(), terminal, options.json === true));
    });
}
