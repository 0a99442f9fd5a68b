import { Composer } from 'grammy';
import { t } from '../../i18n.ts';
import { answer } from '../answer.ts';
import { decode } from '../callback-data.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, titlesOf } from '../desk.ts';
import type { Glances } from '../glances.ts';
import { noAnswerScreen } from '../screens/stores.ts';
import { topScreen } from '../screens/top.ts';

/** Shows who uses the machine that `service` stands for, in place of the message; says meanwhile that it measures. */
export function createTopScreen(desk: Desk, glances: Glances) {
  return async (ctx: ChatContext, service: string): Promise<void> => {
    const { language } = ctx;
    if (!(await answer(ctx, t(language, 'chat-top-measuring')))) return;
    glances.show(ctx, async () => {
      const found = await desk.top.measure();
      return found.ok
        ? topScreen(language, found.value, service, titlesOf(desk.control.snapshot().services))
        : noAnswerScreen(language, t(language, 'chat-top'), found.reason, { kind: 'top', service }, service);
    });
  };
}

/** The buttons under it. */
export function topButtons(show: ReturnType<typeof createTopScreen>): Composer<ChatContext> {
  const composer = new Composer<ChatContext>();
  composer.on('callback_query:data', async (ctx, next) => {
    const data = decode(ctx.callbackQuery.data);
    if (data?.kind === 'top') await show(ctx, data.service);
    else await next();
  });
  return composer;
}
