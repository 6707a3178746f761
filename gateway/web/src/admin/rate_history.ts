/** The rates of the last minutes, kept in the page: what the coordinators tell is the last minute's average alone. */

import type { Overview, Queue } from './types';

/** One look at a queue; `at` in milliseconds. */
export interface Sample {
  at: number;
  completed: number;
  pending: number;
}

export type RateHistory = ReadonlyMap<string, readonly Sample[]>;

const KEPT_MS = 5 * 60_000;
const LEAST_SPAN_MS = 60_000;

/** Adds what was just told, and forgets what is older than five minutes, and queues that are gone. */
export function withLook(history: RateHistory, { at, queues }: Pick<Overview, 'at' | 'queues'>): RateHistory {
  const now = Date.parse(at);
  return new Map(queues.map((queue) => [queue.queue, [...kept(history.get(queue.queue), now), sampleOf(queue, now)]]));
}

function kept(samples: readonly Sample[] = [], now: number): Sample[] {
  return samples.filter((sample) => sample.at > now - KEPT_MS && sample.at < now);
}

function sampleOf(queue: Queue, at: number): Sample {
  return { at, completed: queue.completedRate, pending: queue.pending };
}

/**
 * A line through the values over time, in a box of width by height whose lower edge is 0; empty where there are fewer
 * than two. Time runs to the newest sample at the right edge; the whole width is a minute at least.
 */
export function linePath(points: readonly { at: number; value: number }[], width: number, height: number): string {
  const newest = points.at(-1)?.at ?? 0;
  if (points.length < 2) return '';
  const span = Math.max(LEAST_SPAN_MS, newest - (points[0]?.at ?? newest));
  const most = Math.max(...points.map((point) => point.value)) || 1;
  const places = points.map(({ at, value }) => {
    const x = width * (1 - (newest - at) / span);
    const y = height * (1 - value / most);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${places.join('L')}`;
}
