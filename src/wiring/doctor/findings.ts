import type { Finding, Topic } from '../../core/finding.ts';
import { type Reason, reason } from '../../core/reason.ts';

type Args = Reason['args'];
type Level = Finding['level'];

/** Findings of one topic; the codes are those of `reason-doctor-<code>` and `reason-doctor-advice-<code>`. */
export function findings(topic: Topic, about: string | null = null) {
  /** Where another part has said already what is wrong. */
  const because = (level: Level, what: Reason, advice: string | null = null, args: Args = {}): Finding => ({
    ...{ topic, about, level, what },
    advice: advice === null ? null : reason(`doctor-advice-${advice}`, args),
  });
  const make =
    (level: Level) =>
    (code: string, args: Args = {}, advice: string | null = null) =>
      because(level, reason(`doctor-${code}`, args), advice, args);
  return { ok: make('ok'), note: make('note'), wrong: make('wrong'), because };
}
