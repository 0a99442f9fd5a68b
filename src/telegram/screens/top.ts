import { InlineKeyboard } from 'grammy';
import type { Top, TopProcess } from '../../core/top.ts';
import { html, type Language, t } from '../../i18n.ts';
import { encode } from '../callback-data.ts';
import { none, type StoreScreen, sayBytes, sayPercent } from './stores.ts';

/** Who uses the machine; `service`: the one that stands for the machine. */
export function topScreen(
  language: Language,
  top: Top,
  service: string,
  titleOf: (name: string) => string,
): StoreScreen {
  const line = ({ pid, name, cpu, memory, memoryOfHost, service: of }: TopProcess) =>
    html(language, 'chat-top-line', {
      ...{ pid: String(pid), name, cpu: sayPercent(language, cpu), memory: sayBytes(language, memory) },
      ...{ share: sayPercent(language, memoryOfHost), service: of === null ? none : titleOf(of) },
    });
  const { cores, measured, processes } = top;
  const lines = [
    `<b>${html(language, 'chat-top')}</b>`,
    html(language, 'top-cpu', { cores }),
    ...top.byCpu.map(line),
    '',
    html(language, 'top-memory'),
    ...top.byMemory.map(line),
    '',
    html(language, 'top-measured', { measured, processes }),
  ];
  const buttons = new InlineKeyboard()
    .text(t(language, 'button-refresh'), encode({ kind: 'top', service }))
    .text(t(language, 'button-back'), encode({ kind: 'open', service }));
  return { text: lines.join('\n'), buttons };
}
