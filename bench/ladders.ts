import { buildLadder } from './build-sandbox.js';
import { defaultLadder } from './default-sandbox.js';
import type { Ladder } from './ladder.js';
import { limitsLadders } from './limits.js';
import type { Peer } from './peer.js';

export const ladders: readonly Ladder[] = [buildLadder, defaultLadder, ...limitsLadders];

/** Everyone who takes part in a ladder. */
export const onLadder = ({ steps, beside }: Ladder): readonly Peer[] => [...steps, ...beside];
