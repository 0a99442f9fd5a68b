import { may } from '../core/role.ts';
import { t } from '../i18n.ts';
import type { Logger } from '../logger.ts';
import { answer } from './answer.ts';
import type { ChatContext } from './context.ts';

/** Whether the one who pressed may act; who may only look is told so. `wanted`: what the log says it was about. */
export async function mayAct(ctx: ChatContext, log: Logger, wanted: object = {}): Promise<boolean> {
  if (may(ctx.visitor.role, 'act')) return true;
  log.info({ ...wanted, by: ctx.visitor }, 'refused: a viewer may only look');
  await answer(ctx, t(ctx.language, 'chat-viewer'), true);
  return false;
}
