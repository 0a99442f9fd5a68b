import { sayRemark } from '../i18n.ts';
import { storeName } from '../store/store-name.ts';
import type { Commands, Json } from './commands.ts';
import { findInData } from './data-path.ts';

/** The commands about the manager itself, which need none that runs. */
export function addUpkeepCommands({ orbit, terminal, env, connect, leave }: Commands): void {
  const { say } = terminal;
  const json = say('cli-help-json');

  orbit
    .command('doctor')
    .description(say('cli-help-doctor'))
    .option('--json', json)
    .action(async (options: Json) => {
      const { examineSetup } = await import('./doctor.ts');
      leave(await examineSetup(connect(), terminal, env, options.json === true));
    });

  orbit
    .command('backup')
    .description(say('cli-help-backup'))
    .argument('[file]', say('cli-help-backup-file'))
    .option('--json', json)
    .action(async (file: string | undefined, options: Json) => {
      const { makeBackup } = await import('./backup.ts');
      const { path, errors } = findInData(env, storeName);
      for (const error of errors) terminal.err(sayRemark(terminal.language, error));
      leave(makeBackup(terminal, path, file ?? null, new Date(), options.json === true));
    });
}
