/** Follows how everything stands. */

import { follow } from '../api/follow';
import { getJson } from '../api/request';
import type { Overview } from './types';

const FIRST_MS = 10_000;

/** Whoever follows hears of each look, and of a connection that is lost. */
export interface OverviewFollower {
  onOverview: (overview: Overview) => void;
  onLost: () => void;
  signal: AbortSignal;
}

/**
 * Goes on until the follower's signal says so.
 * @throws {Problem} where waiting would not help: nobody who may see it
 */
export function followOverview({ onOverview, onLost, signal }: OverviewFollower): Promise<void> {
  return follow<Overview>({
    path: '/api/admin/events',
    firstMs: FIRST_MS,
    read: (data) => JSON.parse(data) as Overview,
    ask: () => getJson('/api/admin/overview', { signal }),
    onState: onOverview,
    onLost,
    isLast: () => false,
    signal,
  });
}
