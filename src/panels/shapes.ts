import * as z from 'zod';

/**
 * The words both panels share. A field that some version leaves out is `nullish` and becomes null: "the panel does not
 * say". Unknown words of an enumeration are kept as they are; unknown fields are dropped, secrets among them.
 */
export const count = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

export const words = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** Bytes; some panels send them as text. */
export const bytes = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]);

/** Unix seconds, or ISO 8601 (without a zone it is UTC, as both panels mean it); 0 is none. Becomes epoch ms. */
export const moment = z.union([z.number(), z.string()]).nullish().transform(toEpochMs);

function toEpochMs(value: number | string | null | undefined): number | null {
  if (value === null || value === undefined || value === 0 || value === '') return null;
  if (typeof value === 'number') return value * 1000;
  const zoned = /[zZ]$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`;
  const at = Date.parse(zoned);
  return Number.isNaN(at) ? null : at;
}

/** What a user's own plan for later holds; sent back as it came, or the panel would delete it. */
const nextPlan = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? null);

export const user = z.object({
  username: z.string(),
  status: z.string(),
  expire: moment,
  data_limit: count,
  used_traffic: bytes,
  online_at: moment,
  created_at: moment,
  on_hold_expire_duration: count,
  next_plan: nextPlan,
});
export type RawUser = z.infer<typeof user>;

export const userList = z.object({ users: z.array(user), total: z.number() });
/** For counting: whatever the one listed user holds is not even looked at. */
export const userTotal = z.object({ total: z.number() });

const node = {
  id: z.union([z.number(), z.string()]).transform(String),
  name: z.string(),
  address: z.string(),
  port: count,
  status: z.string(),
  message: words,
  xray_version: words,
  usage_coefficient: count,
};
export const marzbanNode = z.object(node);
export const pasarguardNode = z.object({ ...node, node_version: words });
export type RawNode = z.infer<typeof marzbanNode> & { readonly node_version?: string | null };

export const openapi = z.object({ info: z.object({ title: z.string(), version: words }) });
