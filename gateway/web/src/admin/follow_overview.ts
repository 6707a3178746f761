/** Follows how everything stands: by events, and by asking every two seconds where events do not come through. */

import { serverSentEvents } from '../api/events';
import { Problem } from '../api/problem';
import { getJson } from '../api/request';
import type { Overview } from './types';

const FIRST_MS = 10_000;
// The coordinator is asked every two seconds, so a stream that brings nothing for so long is dead.
const SILENCE_MS = 20_000;
const POLL_MS = 2_000;
const POLLS_BEFORE_EVENTS = 15;
// In a function a stream is given 25 s; one that ends at once must not become a storm.
const RECONNECT_MS = 500;

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
export async function followOverview(follower: OverviewFollower): Promise<void> {
  while (!follower.signal.aborted) {
    if (await readStream(follower)) await pause(RECONNECT_MS);
    else await poll(follower);
  }
}

/** One stream to its end; tells whether it brought anything. */
async function readStream(follower: OverviewFollower): Promise<boolean> {
  let brought = false;
  await weathered(follower, async () => {
    const options = { lastEventId: '', firstMs: FIRST_MS, silenceMs: SILENCE_MS, signal: follower.signal };
    for await (const event of serverSentEvents('/api/admin/events', options)) {
      follower.onOverview(JSON.parse(event.data) as Overview);
      brought = true;
    }
  });
  return brought;
}

async function poll(follower: OverviewFollower): Promise<void> {
  for (let count = 0; count < POLLS_BEFORE_EVENTS && !follower.signal.aborted; count += 1) {
    await weathered(follower, async () => {
      follower.onOverview(await getJson('/api/admin/overview', { signal: follower.signal }));
    });
    await pause(POLL_MS);
  }
}

/** A passing problem is a lost connection; any other ends the watch. */
async function weathered(follower: OverviewFollower, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (follower.signal.aborted) return;
    if (!(error instanceof Problem) || !error.passing) throw error;
    follower.onLost();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
