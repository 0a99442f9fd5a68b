import * as z from 'zod';
import { reason } from '../../core/reason.ts';
import { type Container, containerSchema } from './container.ts';
import { type Engine, parseJson } from './engine.ts';
import { type Failure, failureOf, missing } from './failures.ts';

/** Which container: by its name or id, or the one of a compose project's service (or of a project that has only one). */
export interface ContainerRef {
  readonly container: string | null;
  readonly composeProject: string | null;
  readonly composeService: string | null;
}

export type Found = { readonly ok: true; readonly container: Container } | ({ readonly ok: false } & Failure);

const label = 'com.docker.compose';
const listSchema = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    State: z.string(),
    Created: z.number(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);
export type Listed = z.infer<typeof listSchema>[number];

/** As an operator would call it. */
export function refName(ref: ContainerRef): string {
  if (ref.container !== null) return ref.container;
  return [ref.composeProject, ref.composeService].filter((part) => part !== null).join('/');
}

export async function findContainer(engine: Engine, ref: ContainerRef): Promise<Found> {
  if (ref.container !== null) return inspectContainer(engine, ref.container, refName(ref));
  const listed = await listContainers(engine, projectFilters(ref));
  if (!listed.ok) return listed;
  const one = choose(listed.containers, ref);
  return 'reason' in one ? { ok: false, ...one } : inspectContainer(engine, one.Id, refName(ref));
}

/** Whether something with these names (with or without the engine's slash in front) and labels is what `ref` means. */
export function isMeant(
  ref: ContainerRef,
  names: readonly string[],
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  if (ref.container !== null) return names.some((name) => name.replace(/^\//, '') === ref.container);
  if (labels?.[`${label}.project`] !== ref.composeProject) return false;
  return ref.composeService === null || labels?.[`${label}.service`] === ref.composeService;
}

export async function listContainers(
  engine: Engine,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<{ readonly ok: true; readonly containers: readonly Listed[] } | ({ readonly ok: false } & Failure)> {
  const query = { all: 'true', filters: JSON.stringify(filters) };
  const answer = await engine.ask({ path: '/containers/json', query });
  if (!answer.ok) return { ok: false, ...failureOf(answer, '') };
  const parsed = listSchema.safeParse(parseJson(answer.body));
  return parsed.success ? { ok: true, containers: parsed.data } : { ok: false, ...notUnderstood };
}

const notUnderstood: Failure = { reason: reason('docker-not-understood'), fatal: false };

async function inspectContainer(engine: Engine, id: string, name: string): Promise<Found> {
  const answer = await engine.ask({ path: `/containers/${encodeURIComponent(id)}/json` });
  if (!answer.ok) return { ok: false, ...failureOf(answer, name) };
  const parsed = containerSchema.safeParse(parseJson(answer.body));
  return parsed.success ? { ok: true, container: parsed.data } : { ok: false, ...notUnderstood };
}

/** What a list of a project's (or its service's) containers is asked with. */
export function projectFilters(ref: ContainerRef): Record<string, string[]> {
  const labels = [`${label}.project=${ref.composeProject}`, `${label}.oneoff=False`];
  if (ref.composeService !== null) labels.push(`${label}.service=${ref.composeService}`);
  return { label: labels };
}

/** While compose makes a container anew both are there for a moment: then the newer one counts. */
export function newestOf(listed: readonly Listed[]): readonly Listed[] {
  const places = new Map<string, Listed>();
  for (const each of listed) {
    const place = `${each.Labels?.[`${label}.service`]}/${each.Labels?.[`${label}.container-number`]}`;
    const other = places.get(place);
    if (other === undefined || other.Created < each.Created) places.set(place, each);
  }
  return [...places.values()];
}

function choose(listed: readonly Listed[], ref: ContainerRef): Listed | Failure {
  const [one, ...more] = newestOf(listed);
  if (one === undefined) return missing(refName(ref));
  if (more.length === 0) return one;
  const names = [one, ...more].map((each) => each.Names[0]?.replace(/^\//, '') ?? each.Id);
  const args = { project: refName(ref), containers: names.sort().join(', ') };
  return { reason: reason('containers-several', args), fatal: true };
}
