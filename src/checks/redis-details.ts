import * as z from 'zod';
import type { LatencyEvent, RedisExtras } from '../core/redis-details.ts';
import type { RedisCommand, RedisSession } from './redis-connection.ts';
import { isReply } from './redis-failure.ts';
import { parseSlowLog } from './redis-slowlog.ts';

const shownCommands = 16;
const settings = [
  'maxmemory',
  'maxmemory-policy',
  'maxclients',
  'save',
  'appendonly',
  'slowlog-log-slower-than',
  'latency-monitor-threshold',
] as const;

const pairs = z.array(z.string());
const events = z.array(z.tuple([z.string(), z.number(), z.number(), z.number()]));

/** Asks for all of it; what is refused is noted, not failed. */
export async function readExtras(session: RedisSession): Promise<RedisExtras> {
  const missing: string[] = [];
  async function ask<T>(right: string, parse: (answer: unknown) => T, ...call: Call): Promise<T | null> {
    try {
      return parse(await session.call(...call));
    } catch (error) {
      if (!isReply(error)) throw error;
      if (error.message.startsWith('NOPERM') && !missing.includes(right)) missing.push(right);
      return null;
    }
  }

  const known = new Map<string, string>();
  for (const name of settings) {
    const answer = await ask('+config|get', (found) => pairs.parse(found), 'CONFIG', 'GET', name);
    const value = answer?.[1];
    if (value !== undefined) known.set(name, value);
  }
  const newest = await ask('+slowlog|get', parseSlowLog, 'SLOWLOG', 'GET', shownCommands);
  const length = await ask('+slowlog|len', (found) => z.number().parse(found), 'SLOWLOG', 'LEN');
  const latest = await ask('+latency|latest', parseEvents, 'LATENCY', 'LATEST');
  const micros = known.get('slowlog-log-slower-than');
  const threshold = micros === undefined ? null : Number(micros) / 1000;
  return {
    slowLog: newest === null ? null : { length: length ?? newest.length, threshold, newest },
    events: latest,
    settings: Object.fromEntries(known),
    missing,
  };
}

type Call = [command: RedisCommand, ...args: (string | number)[]];

function parseEvents(answer: unknown): readonly LatencyEvent[] {
  return events
    .parse(answer)
    .map(([name, at, latest, worst]) => ({ name, at: at * 1000, latest, worst }))
    .sort((a, b) => b.worst - a.worst);
}
