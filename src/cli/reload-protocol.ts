import * as z from 'zod';
import type { ConfigRemark, ReloadLook, ReloadResult } from '../core/reload.ts';
import { reasonSchema } from '../wire.ts';

/* What a reload's answers look like on the control socket. */

const remark: z.ZodType<ConfigRemark> = z.object({
  file: z.string(),
  line: z.number().nullable(),
  column: z.number().nullable(),
  key: z.string(),
  reason: reasonSchema,
});

const keys = z.array(z.string());

const plan = z.object({
  id: z.number(),
  services: z.array(
    z.discriminatedUnion('change', [
      z.object({ change: z.enum(['added', 'removed']), service: z.string() }),
      z.object({
        ...{ change: z.literal('changed'), service: z.string() },
        ...{ now: keys, nextStart: keys, otherThing: keys },
      }),
    ]),
  ),
  sections: z.array(z.object({ key: z.string(), holds: z.enum(['now', 'manager-restart']) })),
  warnings: z.array(remark),
});

export const reloadLookSchema: z.ZodType<ReloadLook> = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), plan }),
  z.object({ ok: z.literal(false), mistakes: z.array(remark) }),
]);

export const reloadResultSchema: z.ZodType<ReloadResult> = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    outcomes: z.array(z.object({ service: z.string(), ok: z.boolean(), what: reasonSchema })),
  }),
  z.object({ ok: z.literal(false), reason: reasonSchema }),
]);
