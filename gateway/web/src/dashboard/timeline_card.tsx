/** Listening over time: the chart to drag over, the strip of all time below, and the same by buttons. */

import { useCallback, useMemo } from 'preact/hooks';
import type { Bucket, Timeline } from '../api/types';
import { useAnswer } from '../api/use_answer';
import { bucketEnd, type Calendar } from '../charts/calendar';
import { ChartCard } from '../charts/chart_card';
import { addDays } from '../charts/days';
import { timeUnit } from '../charts/scale';
import type { Column } from '../charts/table';
import { colourOf } from '../charts/theme';
import { pictureOf, TimeChart } from '../charts/time_chart';
import { formatCount, formatDuration, plural } from '../words/format';
import type { Measure } from './filters';
import { rangeName, rangeOf } from './ranges';
import type { Scope } from './scope';
import { TimeStrip } from './time_strip';
import { ZoomButtons } from './zoom_buttons';

type Point = Timeline['points'][number];

/** Shows the period's timeline. */
export function TimelineCard({ scope }: { scope: Scope }) {
  const { filters, calendar, change, span } = scope;
  const asked = useAnswer('/api/listens/timeline', { query: scope.steps });
  const timeline = asked.value;
  const chart = useMemo(() => timeline && chartOf(timeline, filters.by, calendar), [timeline, filters.by, calendar]);
  const select = useCallback(
    (first: number, last: number) => {
      const points = timeline?.points ?? [];
      const [from, to] = [points[first], points[last]];
      if (timeline && from && to) change(stretch(from.start, to.start, timeline.bucket, calendar));
    },
    [timeline, calendar, change],
  );
  return (
    <ChartCard
      {...asked}
      id="timeline-card"
      title="Listening over time"
      note={chart ? `${chart.unit} per ${chart.bucket} · ${rangeName(filters, scope.all)}` : '\u00a0'}
      table={chart?.table}
      picture={() => pictureOf(document.getElementById('timeline'), 'Listening over time', colourOf)}
    >
      {chart && (
        <div id="timeline">
          <TimeChart
            label="Listening over time"
            {...chart}
            onSelect={span?.first === span?.last ? undefined : select}
          />
          <TimeStrip scope={scope} />
          <ZoomButtons scope={scope} />
        </div>
      )}
    </ChartCard>
  );
}

/** The range from the beginning of one bucket to the end of another. */
function stretch(first: string, last: string, bucket: Bucket, calendar: Calendar) {
  return rangeOf(calendar.dayOf(first), addDays(bucketEnd(calendar.dayOf(last), bucket), -1));
}

function chartOf({ bucket, points }: Timeline, by: Measure, calendar: Calendar) {
  const inTime = timeUnit(Math.max(0, ...points.map((point) => point.msPlayed)));
  const values = points.map((point) => (by === 'plays' ? point.plays : point.msPlayed / inTime.ms));
  const at = (index: number) => points[index] ?? { start: 0, plays: 0, msPlayed: 0 };
  return {
    bucket,
    unit: by === 'plays' ? 'Plays' : inTime.unit,
    table: { columns: columnsOf(bucket, calendar), rows: points },
    data: {
      starts: points.map((point) => Date.parse(point.start)),
      series: [{ label: 'Listening', values, colour: 'series-1' }],
      timeZone: calendar.timeZone,
    },
    title: (index: number) => calendar.bucket(at(index).start, bucket),
    text: (index: number) => `${plural(at(index).plays, 'play')}, ${formatDuration(at(index).msPlayed)}`,
  };
}

function columnsOf(bucket: Bucket, calendar: Calendar): Column<Point>[] {
  const name = `${bucket[0]?.toUpperCase()}${bucket.slice(1)}`;
  return [
    {
      head: name,
      value: (point) => (bucket === 'hour' ? point.start : calendar.dayOf(point.start)),
      text: (point) => calendar.bucket(point.start, bucket),
    },
    { head: 'Plays', value: (point) => point.plays, text: (point) => formatCount(point.plays) },
    { head: 'Milliseconds', value: (point) => point.msPlayed, text: (point) => formatDuration(point.msPlayed) },
  ];
}
