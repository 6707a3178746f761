/** Doing something to all jobs that fit, however many: step by step, so that no call is long and it can be stopped. */

import { Problem } from '../api/problem';
import type { ChangedJobs } from './types';

/** What came of it; `left` are there still, because a step changed none of those that it found. */
export interface Outcome {
  done: number;
  left: boolean;
  stopped: boolean;
}

interface Course {
  /** Each asks for one step; the next one begins when there is no more for it. */
  steps: readonly (() => Promise<ChangedJobs>)[];
  onDone: (done: number) => void;
  signal: AbortSignal;
}

const MOST_TRIES = 4;
const REST_MS = 1_000;

/**
 * Repeats each step while there is more.
 * @throws {Problem} what goes wrong for good, or again and again; what was done stays done
 */
export async function inSteps({ steps, onDone, signal }: Course, rest = REST_MS): Promise<Outcome> {
  const outcome: Outcome = { done: 0, left: false, stopped: false };
  for (const step of steps) {
    for (let more = true; more; ) {
      if (signal.aborted) return { ...outcome, stopped: true };
      const changed = await patiently(step, rest);
      outcome.done += changed.jobIds.length;
      onDone(outcome.done);
      // Those that cannot be changed are found again by every step: going on would never end.
      outcome.left ||= changed.more && !changed.jobIds.length;
      more = changed.more && changed.jobIds.length > 0;
    }
  }
  return outcome;
}

/** A repeat does nothing twice, so that it is harmless where an answer was lost. */
async function patiently<T>(act: () => Promise<T>, rest: number): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Problem) || !error.passing || tries === MOST_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, rest * tries));
  }
}

/** Cuts a list into parts of at most so many. */
export function partsOf<T>(list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, part) => list.slice(part * most, (part + 1) * most));
}
