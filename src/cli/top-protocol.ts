import * as z from 'zod';
import type { Figure } from '../core/figure.ts';
import type { Top } from '../core/top.ts';
import { reasonSchema } from '../wire.ts';

const list = z.array(
  z.object({
    ...{ pid: z.number(), name: z.string(), cpu: z.number(), memory: z.number(), memoryOfHost: z.number() },
    service: z.string().nullable(),
  }),
);

/** What `orbit top` says over the control socket. */
export const topSchema: z.ZodType<Figure<Top>> = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    value: z.object({
      ...{ at: z.number(), cores: z.number(), measured: z.number(), processes: z.number() },
      ...{ byCpu: list, byMemory: list },
    }),
  }),
  z.object({ ok: z.literal(false), reason: reasonSchema }),
]);
