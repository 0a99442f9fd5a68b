import type { Alerting } from '../../src/core/alerting.ts';
import { worstFirst } from '../../src/core/condition.ts';
import type {
  ActionResult,
  Actor,
  Control,
  Needs,
  ServiceView,
  Snapshot,
  TelegramView,
  Verb,
} from '../../src/core/snapshot.ts';
import { serviceView, telegramView } from '../world/views.ts';

/** One asked-for action that waits until the test ends it. */
export interface Asked {
  readonly service: string;
  readonly verb: Verb;
  readonly by: Actor;
  readonly needs: Needs;
  end(result: ActionResult): void;
}

/** Supervision as the chat sees it, played by the test. */
export class FakeControl implements Control {
  readonly services = new Map<string, ServiceView>();
  readonly asked: Asked[] = [];
  /** What `act` does: by default it waits until the test ends it. */
  instead: ((service: string, verb: Verb) => ActionResult) | null = null;
  lines: readonly string[] = [];
  telegram: TelegramView = telegramView;
  alerting: Alerting | null = null;
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add(name: string, more: Partial<ServiceView> = {}): void {
    this.services.set(name, serviceView(name, this.#clock(), more));
  }

  change(name: string, more: Partial<ServiceView>): void {
    const view = this.services.get(name);
    if (view) this.services.set(name, { ...view, ...more });
  }

  snapshot(): Snapshot {
    return {
      host: 'vpn-1',
      version: '0.1.0',
      at: this.#clock(),
      startedAt: this.#clock() - 3600_000,
      overall: 'healthy',
      services: worstFirst([...this.services.values()]),
      incidents: this.alerting?.open() ?? [],
      mutes: this.alerting?.mutes() ?? [],
      telegram: this.telegram,
    };
  }

  act(name: string, verb: Verb, by: Actor, needs: Needs = 'ask'): Promise<ActionResult> {
    const now = this.#clock();
    if (this.instead !== null) {
      this.asked.push({ service: name, verb, by, needs, end: () => undefined });
      return Promise.resolve(this.instead(name, verb));
    }
    this.change(name, { operation: { verb, by, since: now, deadline: now + 60_000 }, can: [] });
    return new Promise((resolve) => {
      const end = (result: ActionResult) => {
        this.change(name, { operation: null, can: verb === 'stop' ? ['start'] : ['restart', 'stop'] });
        resolve(result);
      };
      this.asked.push({ service: name, verb, by, needs, end });
    });
  }

  logs(_service: string, lines: number): Promise<readonly string[]> {
    return Promise.resolve(this.lines.slice(-lines));
  }

  /** Asks each by itself, all at once. */
  async actAll(verb: Verb, by: Actor, ended?: (service: string, result: ActionResult) => void) {
    const results = new Map<string, ActionResult>();
    const each = [...this.services.keys()].map(async (name) => {
      const result = await this.act(name, verb, by);
      results.set(name, result);
      ended?.(name, result);
    });
    await Promise.all(each);
    return results;
  }
}
