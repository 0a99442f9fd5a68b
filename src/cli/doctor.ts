import { join } from 'node:path';
import type { Finding } from '../core/finding.ts';
import { redactSecrets } from '../core/redact.ts';
import { sayReason } from '../i18n.ts';
import { examine } from '../wiring/doctor/doctor.ts';
import type { ControlClient } from './client.ts';
import { readConfiguration } from './config-check.ts';
import { exitCodes, printJson } from './outcome.ts';
import type { Colour, Terminal } from './terminal.ts';

const marks: Readonly<Record<Finding['level'], readonly [string, Colour]>> = {
  ok: ['✓', 'green'],
  note: ['!', 'yellow'],
  wrong: ['✗', 'red'],
};

/** `orbit doctor`: what is wrong with the set-up, and how to mend it. Needs no running manager and changes nothing. */
export async function examineSetup(
  client: Pick<ControlClient, 'snapshot'>,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  json: boolean,
): Promise<number> {
  const { say, paint, language } = terminal;
  const asked = await client.snapshot();
  const patient = {
    ...{ loaded: readConfiguration(env), envFile: join(process.cwd(), '.env'), now: Date.now() },
    ...{ manager: asked.ok ? asked.value : null, node: process.versions.node },
  };
  const all: Finding[] = [];
  const words = ({ what, advice }: Finding) => ({
    text: redactSecrets(sayReason(language, what)),
    advice: advice === null ? null : redactSecrets(sayReason(language, advice)),
  });
  for await (const finding of examine(patient)) {
    all.push(finding);
    if (json) continue;
    const [mark, colour] = marks[finding.level];
    const { text, advice } = words(finding);
    const about = finding.about === null ? '' : `${finding.about}: `;
    terminal.out(`${paint(colour, mark)} ${paint('dim', say(`cli-doctor-${finding.topic}`))}  ${about}${text}`);
    if (advice !== null) terminal.out(`    → ${advice}`);
  }
  const wrong = all.filter(({ level }) => level === 'wrong').length;
  const notes = all.filter(({ level }) => level === 'note').length;
  if (json) {
    const told = all.map((each) => ({ topic: each.topic, about: each.about, level: each.level, ...words(each) }));
    printJson(terminal, { ok: wrong === 0, wrong, notes, findings: told });
  } else {
    terminal.out('');
    terminal.out(wrong === 0 ? paint('green', say('cli-doctor-well')) : paint('red', say('cli-doctor-ill', { wrong })));
  }
  return wrong === 0 ? exitCodes.ok : exitCodes.failed;
}
