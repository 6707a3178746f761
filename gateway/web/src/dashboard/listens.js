/** The dashboard's numbers, as the API gives them. */

import { getJson } from '../api/request';
import { bucketFor, parametersOf } from './filters.js';

const TOP = 10;

/** Over everything, however short: tells whether there is anything at all, and from when to when. */
export function loadAllTime() {
  return getJson('/api/listens/overview', { query: { minMs: 0 } });
}

/**
 * All at once, under the same filters.
 * @returns {Promise<{overview: object, timeline: object, artists: object[], tracks: object[], albums: object[]}>}
 */
export async function loadDashboard(filters, allTime, signal) {
  const shared = parametersOf(filters);
  const top = (kind) =>
    getJson('/api/listens/top/{kind}', { path: { kind }, query: { ...shared, by: filters.by, limit: TOP }, signal });
  const [overview, timeline, artists, tracks, albums] = await Promise.all([
    getJson('/api/listens/overview', { query: shared, signal }),
    getJson('/api/listens/timeline', { query: { ...shared, bucket: bucketFor(filters, allTime) }, signal }),
    top('artists'),
    top('tracks'),
    top('albums'),
  ]);
  return { overview, timeline, artists: artists.items, tracks: tracks.items, albums: albums.items };
}
