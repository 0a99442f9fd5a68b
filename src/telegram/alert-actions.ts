import type { AlertingResult } from '../core/alerting.ts';
import type { Incident } from '../core/incident.ts';
import { coveringMute, type Mute, type Scope, sameScope } from '../core/mute.ts';
import { reason } from '../core/reason.ts';
import type { Actor } from '../core/snapshot.ts';
import { sayReason, t } from '../i18n.ts';
import { answer } from './answer.ts';
import type { ChatContext, Visitor } from './context.ts';
import { type Desk, findService } from './desk.ts';
import { mayAct } from './may-act.ts';
import { endOf, type Length } from './mute-lengths.ts';
import { sayUntil } from './say.ts';
import type { Place } from './screens/place.ts';
import { keyOf, type Show } from './screens/show.ts';

/** What the buttons about alerts do. Each looks at what is true at the press, and at who pressed. */
export interface AlertActions {
  acknowledge(ctx: ChatContext, incident: number): Promise<void>;
  mute(ctx: ChatContext, incident: number, length: Length): Promise<void>;
  unmute(ctx: ChatContext, incident: number, mute: number): Promise<void>;
  acknowledgeAll(ctx: ChatContext): Promise<void>;
  muteAll(ctx: ChatContext, length: Length): Promise<void>;
  unmuteAll(ctx: ChatContext): Promise<void>;
  /** On the screen of mutes; `service` null: everything. */
  hush(ctx: ChatContext, kind: Mute['kind'], service: string | null, length: Length): Promise<void>;
  lift(ctx: ChatContext, service: string | null, mute: number): Promise<void>;
  /** Ends all that has this scope, and shows `then`. */
  unmuteScope(ctx: ChatContext, service: string | null, then: Place): Promise<void>;
}

/** One press, prepared: the query is answered before anything is done. */
interface Wish {
  /** Why it makes no sense now; null: it does. */
  readonly refused: string | null;
  /** What pops up when it is done. */
  readonly said: string;
  act(by: Actor): AlertingResult;
  /** Brings up to date what the outbox does not. */
  readonly after: () => Promise<void>;
}

export function createAlertActions(desk: Desk, show: Show): AlertActions {
  const { alerting, clock } = desk;

  async function fulfil(ctx: ChatContext, wish: Wish): Promise<void> {
    const { language, visitor } = ctx;
    if (!(await mayAct(ctx, desk.log, { pressed: ctx.callbackQuery?.data }))) return;
    if (!(await answer(ctx, wish.refused ?? wish.said, wish.refused !== null))) return;
    if (wish.refused === null) {
      const result = wish.act(actorOf(visitor));
      // It changed while the query was answered.
      if (!result.ok) await ctx.reply(sayReason(language, result.reason));
    }
    await wish.after();
  }

  /** The outbox edits the alerts themselves; a screen that shows one is drawn here. */
  const redraw = (ctx: ChatContext, incident: number) => async () => {
    if (!isAlert(ctx)) await show.here(ctx, { at: 'alert', incident, page: 0 });
  };

  function shownIn(ctx: ChatContext): readonly number[] {
    const key = keyOf(ctx);
    return key === null ? [] : desk.incidentsIn(String(key.chat), key.message);
  }

  const isAlert = (ctx: ChatContext) => shownIn(ctx).length > 0;

  /** Those of a message that are still open. */
  function openIn(ctx: ChatContext): readonly Incident[] {
    const shown = shownIn(ctx);
    return alerting.open().filter(({ id }) => shown.includes(id));
  }

  /** Its service; what belongs to none (the manager itself) can be muted alone. */
  function scopeFor({ id, service }: Incident): Scope {
    return findService(desk, service) === null ? { covers: 'incident', incident: id } : scopeOf(service);
  }

  const over = (ctx: ChatContext, incident: Incident | null) =>
    incident === null || incident.resolvedAt !== null ? sayReason(ctx.language, reason('incident-over')) : null;

  function end(ctx: ChatContext, length: Length): { readonly until: number; readonly said: string } {
    const now = clock();
    const preferences = desk.preferences.of(ctx.visitor.id);
    const wakes = preferences?.quiet ? preferences.hours.to : null;
    const until = endOf(length, now, wakes, ctx.timezone);
    return { until, said: sayUntil(ctx.language, until, now, ctx.timezone) };
  }

  const nothing = async () => undefined;

  return {
    async acknowledge(ctx, id) {
      const incident = alerting.get(id);
      const taken = incident?.acknowledgedBy ?? null;
      const refused =
        over(ctx, incident) ??
        (taken === null ? null : sayReason(ctx.language, reason('already-acknowledged', { by: taken })));
      await fulfil(ctx, {
        refused,
        said: t(ctx.language, 'chat-took-on'),
        act: (by) => alerting.acknowledge([id], by),
        after: redraw(ctx, id),
      });
    },

    async mute(ctx, id, length) {
      const incident = alerting.get(id);
      const scopes = incident === null ? [] : [scopeFor(incident)];
      const { until, said } = end(ctx, length);
      await fulfil(ctx, {
        refused: over(ctx, incident),
        said: t(ctx.language, 'chat-muted-now', { until: said }),
        act: (by) => alerting.mute('mute', scopes, until, by),
        after: redraw(ctx, id),
      });
    },

    async unmute(ctx, id, mute) {
      const there = alerting.mutes().some((each) => each.id === mute);
      await fulfil(ctx, {
        refused: there ? null : sayReason(ctx.language, reason('mute-over')),
        said: t(ctx.language, 'chat-unmuted-now'),
        act: (by) => alerting.unmute([mute], by),
        after: redraw(ctx, id),
      });
    },

    async acknowledgeAll(ctx) {
      const ids = openIn(ctx).flatMap(({ id, acknowledgedAt }) => (acknowledgedAt === null ? [id] : []));
      await fulfil(ctx, {
        refused: ids.length === 0 ? t(ctx.language, 'chat-took-none') : null,
        said: t(ctx.language, 'chat-took-all', { n: ids.length }),
        act: (by) => alerting.acknowledge(ids, by),
        after: nothing,
      });
    },

    async muteAll(ctx, length) {
      const scopes = openIn(ctx).map(scopeFor);
      const distinct = scopes.filter((scope, index) => scopes.findIndex((each) => sameScope(each, scope)) === index);
      const { until, said } = end(ctx, length);
      await fulfil(ctx, {
        refused: distinct.length === 0 ? sayReason(ctx.language, reason('incident-over')) : null,
        said: t(ctx.language, 'chat-muted-all-now', { n: distinct.length, until: said }),
        act: (by) => alerting.mute('mute', distinct, until, by),
        after: nothing,
      });
    },

    async unmuteAll(ctx) {
      const covering = openIn(ctx).flatMap(
        (incident) => coveringMute(alerting.mutes(), incident.service, incident.id, clock())?.id ?? [],
      );
      await fulfil(ctx, {
        refused: covering.length === 0 ? sayReason(ctx.language, reason('mute-over')) : null,
        said: t(ctx.language, 'chat-unmuted-now'),
        act: (by) => alerting.unmute(covering, by),
        after: nothing,
      });
    },

    async hush(ctx, kind, service, length) {
      const { until, said } = end(ctx, length);
      const gone = service !== null && findService(desk, service) === null;
      await fulfil(ctx, {
        refused: gone ? t(ctx.language, 'chat-no-such', { name: service }) : null,
        said: t(ctx.language, kind === 'mute' ? 'chat-muted-now' : 'chat-maintenance-now', { until: said }),
        act: (by) => alerting.mute(kind, [scopeOf(service)], until, by),
        after: () => show.here(ctx, { at: 'mutes', service, page: 0 }),
      });
    },

    async lift(ctx, service, mute) {
      const there = alerting.mutes().some((each) => each.id === mute);
      await fulfil(ctx, {
        refused: there ? null : sayReason(ctx.language, reason('mute-over')),
        said: t(ctx.language, 'chat-unmuted-now'),
        act: (by) => alerting.unmute([mute], by),
        after: () => show.here(ctx, { at: 'mutes', service, page: 0 }),
      });
    },

    async unmuteScope(ctx, service, then) {
      await fulfil(ctx, {
        refused: null,
        said: t(ctx.language, 'chat-unmuted-now'),
        act: (by) => alerting.unmute(scopeOf(service), by),
        after: () => show.here(ctx, then),
      });
    },
  };
}

/** null: everything. */
export function scopeOf(service: string | null): Scope {
  return service === null ? { covers: 'all' } : { covers: 'service', service };
}

export function actorOf({ id, name }: Visitor): Actor {
  return { kind: 'telegram', id: String(id), name };
}
