/** The dashboard's numbers, as the API gives them. */

import { getJson } from './api.js';
import { bucketFor, parametersOf } from './filters.js';

const TOP = 10;

/** Over everything, however short: tells whether there is anything at all, and from when to when. */
export function loadAllTime() {
  return getJson('/api/listens/overview', { minMs: 0 });
}

/**
 * All at once, under the same filters.
 * @returns {Promise<{overview: object, timeline: object, artists: object[], tracks: object[], albums: object[]}>}
 */
export async function loadDashboard(filters, allTime, signal) {
  const shared = parametersOf(filters);
  const top = (kind) => getJson(`/api/listens/top/${kind}`, { ...shared, by: filters.by, limit: TOP }, signal);
  const [overview, timeline, artists, tracks, albums] = await Promise.all([
    getJson('/api/listens/overview', shared, signal),
    getJson('/api/listens/timeline', { ...shared, bucket: bucketFor(filters, allTime) }, signal),
    top('artists'),
    top('tracks'),
    top('albums'),
  ]);
  return { overview, timeline, artists: artists.items, tracks: tracks.items, albums: albums.items };
}
