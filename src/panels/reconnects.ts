import { decideReconnect, type ReconnectMemory } from '../core/auto-reconnect.ts';
import type { Answer } from '../core/panel.ts';
import type { PanelRecord } from '../core/panel-health.ts';
import type { NodeRecord } from '../core/panel-node.ts';
import type { Reason } from '../core/reason.ts';

/** A reconnect that the manager tries by itself: that it was asked for, then how it went. */
export type ReconnectNews =
  /** `refusal` null: the panel accepted it. */
  | { readonly step: 'tried'; readonly refusal: Reason | null }
  | { readonly step: 'helped' }
  | { readonly step: 'useless' };

export interface ReconnectOptions {
  /** Whether it is switched on now. */
  readonly enabled: () => boolean;
  /** Epoch ms. */
  readonly clock: () => number;
  /** What an earlier manager knew: it may have tried a moment ago. */
  readonly before: PanelRecord;
  readonly reconnect: (node: string, signal: AbortSignal) => Promise<Answer<'accepted'>>;
  readonly tell: (node: NodeRecord, news: ReconnectNews) => void;
}

interface Memory extends ReconnectMemory {
  /** How the last one went is not known yet. */
  readonly open: boolean;
}

/** A node that can connect does so within seconds; what the panel retries by itself takes up to 13 s more, ms. */
const PROOF_MS = 60_000;

/** The automatic reconnects of one panel. */
export function createReconnects({ enabled, clock, before, reconnect, tell }: ReconnectOptions) {
  const ailing = before.nodes.filter((node) => node.trouble !== null);
  const memories = new Map<string, Memory>(
    ailing.map((node) => [node.id, { attempts: 0, lastAt: clock(), open: false }]),
  );

  function conclude(node: NodeRecord, memory: Memory): Memory {
    if (!memory.open || memory.lastAt === null) return memory;
    const isUp = node.state === 'up';
    if (!isUp && clock() - memory.lastAt < PROOF_MS) return memory;
    const ended = { ...memory, open: false };
    memories.set(node.id, ended);
    tell(node, { step: isUp ? 'helped' : 'useless' });
    return ended;
  }

  async function tryOn(node: NodeRecord, { attempts }: Memory, signal: AbortSignal): Promise<void> {
    memories.set(node.id, { attempts: attempts + 1, lastAt: clock(), open: true });
    const taken = await reconnect(node.id, signal);
    if (!taken.ok) memories.set(node.id, { attempts: attempts + 1, lastAt: clock(), open: false });
    tell(node, { step: 'tried', refusal: taken.ok ? null : taken.error.reason });
  }

  return {
    /** To be called with each new sight of the nodes. */
    async look(record: PanelRecord, signal: AbortSignal): Promise<void> {
      for (const node of record.nodes) {
        const memory = conclude(node, memories.get(node.id) ?? { attempts: 0, lastAt: null, open: false });
        if (node.state === 'up' && node.trouble === null) memories.delete(node.id);
        const { decision } = decideReconnect(enabled(), record, node, memory, clock());
        if (decision === 'reconnect') await tryOn(node, memory, signal);
      }
    },
  };
}
