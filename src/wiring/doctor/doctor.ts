import type { ConfigMessage, Loaded } from '../../config/load.ts';
import type { Finding, Topic } from '../../core/finding.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { findings } from './findings.ts';

export interface Patient {
  readonly loaded: Loaded;
  /** The `.env` that was read, if it is there. */
  readonly envFile: string;
  /** What a running manager says of itself; null: none runs. */
  readonly manager: Pick<Snapshot, 'version' | 'telegram'> | null;
  /** Of Node. */
  readonly node: string;
  /** Epoch ms. */
  readonly now: number;
  /** For how long (s) to listen for somebody else who polls; only tests have another. */
  readonly listen?: number;
}

/**
 * Looks at the whole set-up, a part at a time, and changes nothing: what it finds comes as it is found. Parts that need
 * a configuration are left out where there is none. Each part is loaded when it is its turn.
 */
export async function* examine({ loaded, envFile, manager, node, now, listen }: Patient): AsyncGenerator<Finding> {
  const host = await import('./host.ts');
  yield host.examineNode(node);
  if (!loaded.ok) {
    for (const mistake of loaded.errors) yield findings('config', placeOf(mistake)).because('wrong', mistake.reason);
    yield* await guarded('host', host.examineHost);
    return;
  }
  yield findings('config').ok('config', { services: loaded.config.services.length });
  for (const warning of loaded.warnings) yield findings('config', placeOf(warning)).because('note', warning.reason);
  const { config: found } = loaded;
  yield* await guarded('data', async () => host.examineData(found, envFile));
  const { ok, note } = findings('manager');
  yield manager === null ? note('manager-none') : ok('manager', { version: manager.version });
  const { examineTelegram, LISTEN_S } = await import('./telegram.ts');
  yield* await guarded('telegram', () => examineTelegram(found, manager?.telegram ?? null, listen ?? LISTEN_S));
  const { examineService, examineStores } = await import('./services.ts');
  for (const service of found.services)
    yield* await guarded('services', () => examineService(service, found.data_dir, now));
  yield* await guarded('stores', () => examineStores(found, now));
  yield* await guarded('http', () => host.examineHttp(found, manager !== null));
  yield* await guarded('host', host.examineHost);
}

function placeOf({ file, line, key }: ConfigMessage): string {
  return [line === null ? file : `${file}:${line}`, ...(key === '' ? [] : [key])].join(' ');
}

/** A part that breaks is a finding, and the others go on. */
async function guarded(topic: Topic, part: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await part();
  } catch (error) {
    return [findings(topic).wrong('broke', { problem: error instanceof Error ? error.message : String(error) })];
  }
}
