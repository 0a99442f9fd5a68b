import type { Incident } from '../../src/core/incident.ts';
import { line } from './world.ts';

/** What stands in a chat. */
export interface Shown {
  readonly id: number;
  readonly text: string;
  readonly replyTo: number | null;
}

/** What is compared with the incidents that were written. */
export interface Chat {
  /** As it looks in the end. */
  readonly messages: readonly Shown[];
  /** Each text as it was sent: a later edit takes the mark away. */
  readonly sent: readonly string[];
  /** The message that shows an incident, as the manager remembers it. */
  readonly copy: (incident: number) => number | undefined;
}

const MARK = 'got this already';
// The short answer at the end names it, too; an answer that repeats an alert does not count as one.
const answer = / is back after |All \d+ problems are over|\d+ problem is over/;

/** Everything that was written has to have been told, once, and as it ended. */
export function judge(name: string, all: readonly Incident[], { messages, sent, copy }: Chat): void {
  const shows = (service: string) =>
    messages.filter(({ text, replyTo }) => text.includes(service) && !(replyTo !== null && answer.test(text)));
  const lost = all.filter(({ service }) => shows(service).length === 0);
  const twice = all.filter(({ service }) => shows(service).length > 1);
  const marks = sent.filter((text) => text.includes(MARK));
  const unmarked = twice.filter(({ service }) => !marks.some((text) => text.includes(service)));
  const repeated = marks.filter((text) => twice.some(({ service }) => text.includes(service))).length;
  const zombies = all.filter(({ id, service, resolvedAt }) => {
    const text = messages.find((message) => message.id === copy(id))?.text ?? '';
    const own = text.split('\n').find((each) => each.includes(service)) ?? '';
    const over =
      own.includes('✅') || own.includes('over') || text.startsWith('✅') || new RegExp(`✅ ${service}`).test(text);
    return (resolvedAt !== null) !== over;
  });
  const open = all.filter(({ resolvedAt }) => resolvedAt === null);
  line(`${name}: incidents written, messages`, `${all.length}, ${messages.length}`);
  line('  lost', String(lost.length));
  line('  messages repeated (killed between accepted and written down)', String(repeated));
  line('  incidents in them; of these without the mark of a repetition', `${twice.length}; ${unmarked.length}`);
  line(
    '  zombies (shown otherwise than they ended); two open of one key',
    `${zombies.length}; ${open.length - new Set(open.map(({ key }) => key)).size}`,
  );
}
