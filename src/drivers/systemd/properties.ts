import * as z from 'zod';

/** Time stamps are µs since 1970, 0 for never. */
const unitSchema = z.object({
  Id: z.string(),
  LoadState: z.string(),
  LoadError: z.tuple([z.string(), z.string()]),
  ActiveState: z.string(),
  SubState: z.string(),
  InvocationID: z.array(z.number()).transform((bytes) => Buffer.from(bytes).toString('hex')),
  InactiveExitTimestamp: z.number(),
  ActiveEnterTimestamp: z.number(),
  ActiveExitTimestamp: z.number(),
  InactiveEnterTimestamp: z.number(),
  /** Number and path of the job that is under way; 0 for none. */
  Job: z.tuple([z.number(), z.string()]).transform(([id]) => id),
  ConditionResult: z.boolean(),
});

const serviceSchema = z.object({
  Type: z.string(),
  Restart: z.string(),
  Result: z.string(),
  MainPID: z.number(),
  ExecMainPID: z.number(),
  /** As waitid says it: 1 exited, 2 killed, 3 dumped; 0 while it runs. */
  ExecMainCode: z.number(),
  ExecMainStatus: z.number(),
  ExecMainStartTimestamp: z.number(),
  ExecMainExitTimestamp: z.number(),
  /** Missing before systemd 235. */
  NRestarts: z.number().default(0),
});

export type UnitProperties = z.infer<typeof unitSchema> & {
  /** null for what is no service: a timer, a socket, a mount. */
  readonly service: z.infer<typeof serviceSchema> | null;
};

export type Properties = ReadonlyMap<unknown, unknown>;

/** The names that are looked at, so that nothing else of a unit's hundreds of properties is kept. */
export const propertyNames: ReadonlySet<unknown> = new Set([
  ...Object.keys(unitSchema.shape),
  ...Object.keys(serviceSchema.shape),
]);

/** null: this is not what a unit looks like. */
export function parseProperties(properties: Properties): UnitProperties | null {
  const found = Object.fromEntries(properties);
  const unit = unitSchema.safeParse(found);
  const service = properties.has('ExecMainCode') ? serviceSchema.safeParse(found) : null;
  if (!unit.success || service?.success === false) return null;
  return { ...unit.data, service: service?.data ?? null };
}
