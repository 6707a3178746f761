/**
 * What the upload page leaves for the pages that follow the uploads it made: their order, and the files it refused
 * itself, of which the server knows nothing.
 */

import { recall, remember } from './storage.js';

const NAME = 'sluice.handoff';

/** @param {{ids: string[], refused: {filename: string, message: string}[]}} made */
export function leaveHandoff({ ids, refused }) {
  remember(NAME, { count: ids.length, waiting: ids, first: ids[0], refused });
}

/**
 * @returns {{followed: boolean, position: number, count: number, next: string|null, refused: object[]}}
 *   followed: the person came here from uploading and is waiting for the end
 */
export function handoffFor(id) {
  const left = recall(NAME) ?? { count: 1, waiting: [], first: null, refused: [] };
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
export function finishHandoff(id) {
  const left = recall(NAME);
  if (left) remember(NAME, { ...left, waiting: left.waiting.filter((waiting) => waiting !== id) });
}
