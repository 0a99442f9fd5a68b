import * as z from 'zod';
import type { Panels } from '../core/panel-control.ts';
import { healthWord, reasonSchema } from '../wire.ts';

/*
 * What `orbit marzban` gets over the control socket. A script gets all that the manager says of a panel (no secret is in
 * there); what the command itself reads of it stands here.
 */

const count = z.number().nullable();

const panel = z.looseObject({
  id: z.string(),
  name: z.string(),
  baseUrl: z.string(),
  active: z.boolean(),
  problem: reasonSchema.nullable(),
  health: healthWord,
  version: z.string().nullable(),
  /** Seconds; null: the panel does not say. */
  onlineWindowS: count,
  users: z.looseObject({ total: count, online: count }).nullable(),
  nodeCounts: z.looseObject({ total: z.number(), up: z.number() }),
  conditions: z.array(z.looseObject({ reason: reasonSchema, advice: reasonSchema.nullable() })),
  error: z.looseObject({ reason: reasonSchema }).nullable(),
  nodes: z.array(
    z.looseObject({ id: z.string(), name: z.string(), address: z.string(), state: z.string(), usersOnline: count }),
  ),
});
export type PanelReport = z.infer<typeof panel>;

export const panelListSchema = z.object({ panels: z.array(panel), databaseProblem: reasonSchema.nullable() });
export type PanelList = z.infer<typeof panelListSchema>;

/** Null: there is no such panel. */
export const panelCheckSchema = panel.nullable();

export function listPanels(panels: Pick<Panels, 'states' | 'databaseProblem'>) {
  return { panels: panels.states(), databaseProblem: panels.databaseProblem() };
}
