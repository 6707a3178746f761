/** The sums at the top of the dashboard. */

import { formatCount, formatDay, formatDecimal, formatDuration, plural } from '../words/format';
import { byId, setData, setText } from './dom.js';

const DAY = 86_400_000;

/** @param {object} overview the API's overview, with at least one play */
export function showOverview({ plays, msPlayed, artists, tracks, albums, firstPlayedAt, lastPlayedAt }) {
  setData(byId('total-time'), msPlayed, formatDuration(msPlayed));
  setData(byId('total-plays'), plays, formatCount(plays));
  setData(byId('total-artists'), artists, formatCount(artists));
  setData(byId('total-tracks'), tracks, formatCount(tracks));
  setText(byId('total-days'), msPlayed >= 2 * DAY ? `${formatDecimal(msPlayed / DAY)} days without a break` : '');
  setText(byId('per-day'), perDay(plays, new Date(lastPlayedAt) - new Date(firstPlayedAt)));
  setText(byId('per-artist'), artists ? `${formatDecimal(tracks / artists)} tracks each` : '');
  setText(byId('total-albums'), albums ? `on ${plural(albums, 'album')}` : '');
  setText(byId('span'), `From ${formatDay(firstPlayedAt)} to ${formatDay(lastPlayedAt)}`);
}

function perDay(plays, ms) {
  return ms >= DAY ? `${formatDecimal(plays / (ms / DAY))} a day` : '';
}
