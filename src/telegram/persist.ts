import { createBackoff, pause } from './backoff.ts';
import { classify } from './errors.ts';

/** The end of what somebody asked for is tried so often; after that it is in the log and on the screens. */
const tries = 8;

/** Does it again for about a minute while Telegram is out of reach. Rejects with what does not pass by itself. */
export async function persist(work: () => Promise<void>, stopping: AbortSignal): Promise<void> {
  const backoff = createBackoff({ first: 1_000, most: 20_000 });
  for (let tried = 1; ; tried++) {
    try {
      await work();
      return;
    } catch (error) {
      const failure = classify(error);
      const passing = failure?.kind === 'network' || failure?.kind === 'server' || failure?.kind === 'flood';
      if (!passing || tried >= tries || stopping.aborted) throw error;
      await pause(failure.kind === 'flood' ? failure.after * 1000 : backoff.next(), stopping);
    }
  }
}
