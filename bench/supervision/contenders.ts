import { bare } from './bare.ts';
import type { Contender } from './contender.ts';
import { adopted, ours } from './ours.ts';
import { pm2, runit, s6, supervisord, systemd } from './peers.ts';

/** In the order of the table's rows. */
export const contenders: readonly Contender[] = [ours, adopted, bare, runit, s6, supervisord, pm2, systemd];
/** Each program once. */
export const programs: readonly Contender[] = contenders.filter((each) => each !== adopted);
