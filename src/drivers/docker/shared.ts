import { createEngine, type Engine } from './engine.ts';
import { createEvents, type Events } from './events.ts';

interface Shared {
  readonly engine: Engine;
  readonly events: Events;
  users: number;
}

const engines = new Map<string, Shared>();

/** The engine on that socket, one connection pool and one stream of events for all its services; and how to leave it. */
export function joinEngine(socket: string): { engine: Engine; events: Events; leave: () => void } {
  let shared = engines.get(socket);
  if (!shared) {
    const engine = createEngine(socket);
    shared = { engine, events: createEvents(engine), users: 0 };
    engines.set(socket, shared);
  }
  const own = shared;
  own.users += 1;
  return {
    engine: own.engine,
    events: own.events,
    leave() {
      own.users -= 1;
      if (own.users > 0) return;
      engines.delete(socket);
      own.events.close();
      own.engine.close();
    },
  };
}
