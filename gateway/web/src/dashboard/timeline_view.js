/** Listening over time: the chart, and the same numbers as a table. */

import { formatBucket, formatCount, formatDuration, plural } from '../words/format';
import { AreaChart } from './area_chart.js';
import { byId, element, setText } from './dom.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

export class TimelineView {
  #chart = new AreaChart(byId('timeline'), 'Listening over time');
  #timeline = { bucket: 'day', points: [] };

  constructor() {
    byId('timeline-details').addEventListener('toggle', () => this.#fillTable());
  }

  /** @param {{bucket: string, points: {start: string, plays: number, msPlayed: number}[]}} timeline */
  show(timeline, by) {
    this.#timeline = timeline;
    const { unit, measure } = measureOf(timeline.points, by);
    setText(byId('timeline-unit'), `${unit} per ${timeline.bucket}`);
    this.#chart.show(
      timeline.points.map((point) => ({
        start: new Date(point.start),
        value: measure(point),
        title: formatBucket(point.start, timeline.bucket),
        text: `${plural(point.plays, 'play')}, ${formatDuration(point.msPlayed)}`,
      })),
      timeline.bucket,
    );
    this.#fillTable();
  }

  /** Only once it is opened: it may have hundreds of rows. */
  #fillTable() {
    if (!byId('timeline-details').open) return;
    const { bucket, points } = this.#timeline;
    byId('timeline-table').tBodies[0].replaceChildren(...points.map((point) => rowNode(point, bucket)));
  }
}

/** Time in hours, or in minutes where hours would be fractions. */
function measureOf(points, by) {
  if (by === 'plays') return { unit: 'Plays', measure: (point) => point.plays };
  const hours = Math.max(0, ...points.map((point) => point.msPlayed)) >= 3 * HOUR;
  return hours
    ? { unit: 'Hours', measure: (point) => point.msPlayed / HOUR }
    : { unit: 'Minutes', measure: (point) => point.msPlayed / MINUTE };
}

function rowNode({ start, plays, msPlayed }, bucket) {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('time', { datetime: start }, formatBucket(start, bucket))),
    element('td', {}, element('data', { value: plays }, formatCount(plays))),
    element('td', {}, element('data', { value: msPlayed }, formatDuration(msPlayed))),
  );
}
