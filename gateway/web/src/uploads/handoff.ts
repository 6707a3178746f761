/**
 * What the upload page leaves for the pages that follow the uploads it made: their order, and the files it refused
 * itself, of which the server knows nothing.
 */

import type { Complaint } from '../api/problem';
import { recall, remember } from '../api/storage';

const NAME = 'sluice.handoff';

interface Left {
  count: number;
  waiting: string[];
  first: string | null;
  refused: Complaint[];
}

/** Where one upload stands among those that were sent together. */
export interface Handoff {
  /** The person came here from uploading and is waiting for the end. */
  followed: boolean;
  position: number;
  count: number;
  next: string | null;
  refused: Complaint[];
}

/** Leaves what was made, in its order. */
export function leaveHandoff(ids: string[], refused: Complaint[]): void {
  remember(NAME, { count: ids.length, waiting: ids, first: ids[0] ?? null, refused } satisfies Left);
}

/** Gives what was left for one upload; of one that nobody left, that it stands alone. */
export function handoffFor(id: string): Handoff {
  const left = recall<Left>(NAME) ?? { count: 1, waiting: [], first: null, refused: [] };
  const followed = left.waiting[0] === id;
  return {
    followed,
    position: left.count - left.waiting.length + 1,
    count: left.count,
    next: (followed && left.waiting[1]) || null,
    refused: left.first === id ? left.refused : [],
  };
}

/** From now on the page of this upload, opened again, stays where it is. */
export function finishHandoff(id: string): void {
  const left = recall<Left>(NAME);
  if (left) remember(NAME, { ...left, waiting: left.waiting.filter((waiting) => waiting !== id) });
}
