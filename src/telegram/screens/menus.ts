import { Menu } from '@grammyjs/menu';
import { levels } from '../../core/incident.ts';
import { type Mute, type Scope, sameScope } from '../../core/mute.ts';
import { may } from '../../core/role.ts';
import type { StoreRef } from '../../core/stores.ts';
import { languages, t } from '../../i18n.ts';
import { languageNames } from '../access.ts';
import { answer } from '../answer.ts';
import type { ChatContext } from '../context.ts';
import { type Desk, findService } from '../desk.ts';
import { shorten } from '../say.ts';
import { isOurs } from './all.ts';
import { pageOf } from './list.ts';
import { type Payload, type Place, readPayload, writePayload } from './place.ts';

/** What the buttons of the menus do. */
export interface MenuHandlers {
  show(ctx: ChatContext, place: Place): Promise<void>;
  act(ctx: ChatContext, service: string, verb: 'start' | 'stop' | 'restart'): Promise<void>;
  search(ctx: ChatContext, service: string): Promise<void>;
  /** Sends a picture of its numbers; `service` null: of everything. */
  chart(ctx: ChatContext, service: string | null): void;
  /** Sends the digest of the last day. */
  digest(ctx: ChatContext): void;
  /** Shows the VPN panels in a message of their own. */
  panels(ctx: ChatContext): Promise<void>;
  /** Shows what a reload of the configuration would change. */
  reload(ctx: ChatContext): Promise<void>;
  /** Shows Redis, PostgreSQL, the shop's figures; `service` null: all that there are. */
  redis(ctx: ChatContext, service: string | null): void;
  database(ctx: ChatContext, service: string | null): void;
  shop(ctx: ChatContext): void;
  /** Measures who uses the machine that the service stands for; answers the press itself. */
  top(ctx: ChatContext, service: string): Promise<void>;
  /** `service` null: what covers everything. */
  unmute(ctx: ChatContext, service: string | null, then: Place): Promise<void>;
}

export interface Menus {
  readonly list: Menu<ChatContext>;
  readonly service: Menu<ChatContext>;
  readonly logs: Menu<ChatContext>;
  readonly settings: Menu<ChatContext>;
}

/** What a service is called on a button. */
const longestLabel = 30;
/** Mutes that can be ended right from the list; the others from their own screen. */
const mostUnmutes = 3;

/**
 * The buttons of the screens that an admin opened. Each handler goes by what the pressed button carries, never by its
 * place: when that has changed, the screen is drawn anew and says so.
 */
export function createMenus(desk: Desk, handlers: MenuHandlers): Menus {
  /** Where a menu is drawn: the screen being shown, else the one whose button was pressed. */
  const here = (ctx: ChatContext): Payload => {
    const { place } = ctx;
    if (place === null) return { ...readPayload(ctx.match), choice: null };
    if (place.at === 'settings' || place.at === 'all') return { page: 0, service: null, choice: null };
    const service = place.at === 'service' || place.at === 'logs' ? place.service : null;
    return { page: place.page, service, choice: null };
  };
  const label = (ctx: ChatContext, key: string) => t(ctx.language, `button-${key}`);

  /** Leads to another screen; answers first, and does nothing for a press that is too old. */
  const go = (to: (pressed: Payload) => Place) => async (ctx: ChatContext) => {
    if (await answer(ctx)) await handlers.show(ctx, to(readPayload(ctx.match)));
  };
  const listOf = ({ page }: Payload): Place => ({ at: 'list', page });
  const serviceOf = ({ page, service }: Payload): Place =>
    service === null ? { at: 'list', page } : { at: 'service', service, page };
  const mutesOf = ({ page, service }: Payload): Place => ({ at: 'mutes', service, page });
  const logsOf = ({ page, service }: Payload): Place =>
    service === null ? { at: 'list', page } : { at: 'logs', service, page };

  /** The buttons moved or changed their names since: show what is, do nothing. */
  const redraw = (to: (pressed: Payload) => Place) => async (ctx: ChatContext) => {
    if (await answer(ctx, t(ctx.language, 'chat-outdated'))) await handlers.show(ctx, to(readPayload(ctx.match)));
  };

  const list = new Menu<ChatContext>('list', {
    autoAnswer: false,
    // A service that changed places is still the service one wanted to see.
    onMenuOutdated: go(serviceOf),
  }).dynamic((ctx, range) => {
    const { page, pages, services } = pageOf(desk.control.snapshot().services, here(ctx).page);
    const payload = writePayload({ page, service: null, choice: null });
    for (const { name, title } of services)
      range
        .text(
          { text: shorten(title, longestLabel), payload: writePayload({ page, service: name, choice: null }) },
          go(serviceOf),
        )
        .row();
    if (page > 0)
      range.text(
        { text: label(ctx, 'previous'), payload },
        go(({ page }) => ({ at: 'list', page: page - 1 })),
      );
    if (page < pages - 1)
      range.text(
        { text: label(ctx, 'next'), payload },
        go(({ page }) => ({ at: 'list', page: page + 1 })),
      );
    if (pages > 1) range.row();
    for (const { scope } of may(ctx.visitor.role, 'act') ? distinct(desk.alerting.mutes()).slice(0, mostUnmutes) : []) {
      const name = scope.covers === 'service' ? scope.service : null;
      const title = name === null ? null : shorten(findService(desk, name)?.title ?? name, longestLabel);
      const text = title === null ? label(ctx, 'unmute-everything') : `${label(ctx, 'unmute')}: ${title}`;
      range.text({ text, payload: writePayload({ page, service: name, choice: 'unmute' }) }, unmute(listOf)).row();
    }
    range.text(
      { text: label(ctx, 'alerts'), payload },
      go(() => ({ at: 'alerts', page: 0 })),
    );
    range.text(
      { text: label(ctx, 'mutes'), payload },
      go(() => ({ at: 'mutes', service: null, page: 0 })),
    );
    range.text({ text: label(ctx, 'charts'), payload }, async (ctx) => {
      if (await answer(ctx)) handlers.chart(ctx, null);
    });
    if (desk.panels.states().length > 0)
      range.text({ text: label(ctx, 'panels'), payload }, async (ctx) => {
        if (await answer(ctx)) await handlers.panels(ctx);
      });
    range.row();
    const { stores } = desk;
    const leads: readonly (readonly [key: string, isThere: boolean, to: (ctx: ChatContext) => void])[] = [
      ['redis', stores.redises().length > 0, (ctx) => handlers.redis(ctx, null)],
      ['database', stores.databases().length > 0, (ctx) => handlers.database(ctx, null)],
      ['shop', stores.hasShop(), handlers.shop],
    ];
    const there = leads.filter(([, isThere]) => isThere);
    for (const [key, , to] of there)
      range.text({ text: t(ctx.language, `button-${key}`), payload }, async (ctx) => {
        if (await answer(ctx)) to(ctx);
      });
    if (there.length > 0) range.row();
    range.text({ text: label(ctx, 'refresh'), payload }, go(listOf));
    range.text({ text: label(ctx, 'digest'), payload }, async (ctx) => {
      if (await answer(ctx)) handlers.digest(ctx);
    });
    if (may(ctx.visitor.role, 'act') && desk.control.snapshot().services.filter(isOurs).length > 1)
      range.row().text(
        { text: label(ctx, 'all'), payload },
        go(() => ({ at: 'all' })),
      );
    range.text(
      { text: label(ctx, 'settings'), payload },
      go(() => ({ at: 'settings' })),
    );
  });

  const service = new Menu<ChatContext>('service', { autoAnswer: false, onMenuOutdated: redraw(serviceOf) }).dynamic(
    (ctx, range) => {
      const drawn = here(ctx);
      const view = findService(desk, drawn.service);
      const payload = writePayload(drawn);
      const verbs = view === null || view.operation !== null || !may(ctx.visitor.role, 'act') ? [] : view.can;
      for (const verb of verbs)
        range.text({ text: label(ctx, verb), payload: writePayload({ ...drawn, choice: verb }) }, act);
      if (verbs.length > 0) range.row();
      range.text({ text: label(ctx, 'logs'), payload }, go(logsOf));
      range.text({ text: label(ctx, 'chart'), payload }, chart);
      range.text({ text: label(ctx, 'refresh'), payload }, go(serviceOf)).row();
      const has = (stores: readonly StoreRef[]) => stores.some(({ service }) => service === drawn.service);
      const [redis, database] = [has(desk.stores.redises()), has(desk.stores.databases())];
      if (redis) range.text({ text: label(ctx, 'redis'), payload }, lead(handlers.redis));
      if (database) range.text({ text: label(ctx, 'database'), payload }, lead(handlers.database));
      if (redis || database) range.row();
      if (drawn.service !== null && desk.top.isOn(drawn.service))
        range.text({ text: label(ctx, 'top'), payload }, top).row();
      const muted = desk.alerting.mutes().some(({ scope }) => isOf(scope, drawn.service));
      if (muted && may(ctx.visitor.role, 'act'))
        range.text(
          { text: label(ctx, 'unmute'), payload: writePayload({ ...drawn, choice: 'unmute' }) },
          unmute(serviceOf),
        );
      range.text({ text: label(ctx, 'mutes'), payload }, go(mutesOf));
      range.text({ text: label(ctx, 'back'), payload }, go(listOf));
    },
  );

  const unmute = (then: (pressed: Payload) => Place) => async (ctx: ChatContext) => {
    const pressed = readPayload(ctx.match);
    if (pressed.choice === 'unmute') await handlers.unmute(ctx, pressed.service, then(pressed));
  };

  async function act(ctx: ChatContext): Promise<void> {
    const { service, choice } = readPayload(ctx.match);
    if (service !== null && (choice === 'start' || choice === 'stop' || choice === 'restart'))
      await handlers.act(ctx, service, choice);
  }

  const lead = (to: (ctx: ChatContext, service: string | null) => void) => async (ctx: ChatContext) => {
    const { service } = readPayload(ctx.match);
    if (service !== null && (await answer(ctx))) to(ctx, service);
  };

  async function top(ctx: ChatContext): Promise<void> {
    const { service } = readPayload(ctx.match);
    if (service !== null) await handlers.top(ctx, service);
  }

  async function chart(ctx: ChatContext): Promise<void> {
    const { service } = readPayload(ctx.match);
    if (service !== null && (await answer(ctx))) handlers.chart(ctx, service);
  }

  const logs = new Menu<ChatContext>('logs', { autoAnswer: false, onMenuOutdated: redraw(logsOf) }).dynamic(
    (ctx, range) => {
      const payload = writePayload(here(ctx));
      range.text({ text: label(ctx, 'refresh'), payload }, go(logsOf));
      range.text({ text: label(ctx, 'search'), payload }, search).row();
      range.text({ text: label(ctx, 'back'), payload }, go(serviceOf));
    },
  );

  async function search(ctx: ChatContext): Promise<void> {
    const { service } = readPayload(ctx.match);
    if (service !== null && (await answer(ctx))) await handlers.search(ctx, service);
  }

  const settings = new Menu<ChatContext>('settings', {
    autoAnswer: false,
    onMenuOutdated: redraw(() => ({ at: 'settings' })),
  }).dynamic((ctx, range) => {
    const payload = (choice: Payload['choice']) => writePayload({ page: 0, service: null, choice });
    for (const language of languages)
      range.text({ text: languageNames[language], payload: payload(language) }, chooseLanguage);
    range.row();
    for (const level of levels)
      range.text({ text: t(ctx.language, `button-level-${level}`), payload: payload(level) }, chooseLevel);
    const quiet = desk.preferences.of(ctx.visitor.id)?.quiet === true;
    range.row();
    range.text(
      { text: label(ctx, quiet ? 'quiet-off' : 'quiet-on'), payload: payload(quiet ? 'quiet-off' : 'quiet-on') },
      chooseQuiet,
    );
    range.row();
    if (may(ctx.visitor.role, 'own')) {
      range.text(
        { text: label(ctx, 'audit'), payload: payload(null) },
        go(() => ({ at: 'audit', page: 0 })),
      );
      range.text({ text: label(ctx, 'reload'), payload: payload(null) }, handlers.reload).row();
    }
    range.text({ text: label(ctx, 'back'), payload: payload(null) }, go(listOf));
  });

  async function chooseLevel(ctx: ChatContext): Promise<void> {
    const { choice } = readPayload(ctx.match);
    const level = levels.find((each) => each === choice);
    if (level === undefined || !(await answer(ctx))) return;
    desk.preferences.setLevel(ctx.visitor.id, level);
    await handlers.show(ctx, { at: 'settings' });
  }

  async function chooseQuiet(ctx: ChatContext): Promise<void> {
    const { choice } = readPayload(ctx.match);
    if ((choice !== 'quiet-on' && choice !== 'quiet-off') || !(await answer(ctx))) return;
    desk.preferences.setQuiet(ctx.visitor.id, choice === 'quiet-on');
    await handlers.show(ctx, { at: 'settings' });
  }

  async function chooseLanguage(ctx: ChatContext): Promise<void> {
    const { choice } = readPayload(ctx.match);
    if ((choice !== 'en' && choice !== 'ru') || !(await answer(ctx))) return;
    desk.access.setLanguage(ctx.visitor.id, choice);
    ctx.language = choice;
    desk.jobs.run(desk.commandLists.update(ctx.visitor.id, choice));
    await handlers.show(ctx, { at: 'settings' });
  }

  list.register([service, logs, settings]);
  return { list, service, logs, settings };
}

function isOf(scope: Scope, service: string | null): boolean {
  return scope.covers === 'service' && scope.service === service;
}

/** One of each scope that a button of a menu can name. */
function distinct(mutes: readonly Mute[]): readonly Mute[] {
  const named = mutes.filter(({ scope }) => scope.covers !== 'incident');
  return named.filter((mute, index) => named.findIndex(({ scope }) => sameScope(scope, mute.scope)) === index);
}
