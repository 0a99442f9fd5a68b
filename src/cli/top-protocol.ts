import { z } from 'zod';
import type { Figure } from '../core/figure.ts';
import type { Top } from '../core/top.ts';
import { reasonSchema } from '../wire.ts';

const { number, string } = z;
const list = z.array(
  z.object({
    ...{ pid: number(), name: string(), cpu: number(), memory: number(), memoryOfHost: number() },
    service: string().nullable(),
  }),
);

/** What `orbit top` says over the control socket. */
export const topSchema: z.ZodType<Figure<Top>> = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    value: z.object({
      ...{ at: number(), cores: number(), measured: number(), processes: number() },
      ...{ byCpu: list, byMemory: list },
    }),
  }),
  z.object({ ok: z.literal(false), reason: reasonSchema }),
]);
