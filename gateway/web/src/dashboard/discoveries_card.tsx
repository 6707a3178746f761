/** What was heard for the first time, over time. */

import { useMemo } from 'preact/hooks';
import type { Discoveries } from '../api/types';
import { useAnswer } from '../api/use_answer';
import type { Calendar } from '../charts/calendar';
import { ChartCard } from '../charts/chart_card';
import type { Column } from '../charts/table';
import { colourOf } from '../charts/theme';
import { pictureOf, TimeChart } from '../charts/time_chart';
import { formatCount, plural } from '../words/format';
import { KINDS } from '../words/listening';
import type { Scope } from './scope';

type Point = Discoveries['points'][number];

/** Shows first plays of artists and tracks; needs the timeline's buckets for those in which nothing was new. */
export function DiscoveriesCard({ scope }: { scope: Scope }) {
  const { filters, calendar, steps: query } = scope;
  const words = KINDS[filters.kind];
  const asked = useAnswer('/api/listens/discoveries', { query });
  const timeline = useAnswer('/api/listens/timeline', { query });
  const points = useMemo(
    () => asked.value && filled(asked.value.points, timeline.value?.points ?? []),
    [asked.value, timeline.value],
  );
  const chart = useMemo(
    () => points && chartOf(points, asked.value?.bucket ?? 'day', calendar, words),
    [points, calendar, words],
  );
  return (
    <ChartCard
      {...asked}
      id="discoveries-card"
      title="Discoveries"
      note={points ? sentence(points, words) : '\u00a0'}
      table={chart?.table}
      picture={() => pictureOf(document.getElementById('discoveries'), 'Discoveries', colourOf)}
    >
      {chart && (
        <div id="discoveries">
          <TimeChart label={`Discoveries: ${words.tracks} and ${words.artists}`} {...chart} height={190} />
          <p class="legend" aria-hidden="true">
            <span class="key series-1" /> {words.tracks} <span class="key series-2" /> {words.artists}
          </p>
        </div>
      )}
    </ChartCard>
  );
}

type Words = (typeof KINDS)[keyof typeof KINDS];

function sentence(points: readonly Point[], words: Words): string {
  const sum = (name: 'artists' | 'tracks') => points.reduce((total, point) => total + point[name], 0);
  return `${plural(sum('tracks'), words.track)} and ${plural(sum('artists'), words.artist)} heard for the first time`;
}

/** The buckets of the timeline, with what was new in each. */
function filled(found: readonly Point[], buckets: readonly { start: string }[]): Point[] {
  const byStart = new Map(found.map((point) => [point.start, point]));
  const all = buckets.map(({ start }) => byStart.get(start) ?? { start, artists: 0, tracks: 0 });
  return found.every((point) => buckets.some(({ start }) => start === point.start)) ? all : [...found];
}

function chartOf(points: readonly Point[], bucket: Discoveries['bucket'], calendar: Calendar, words: Words) {
  const at = (index: number) => points[index] ?? { start: 0, artists: 0, tracks: 0 };
  const columns: Column<Point>[] = [
    {
      head: 'From',
      value: (point) => calendar.dayOf(point.start),
      text: (point) => calendar.bucket(point.start, bucket),
    },
    { head: words.tracks, value: (point) => point.tracks, text: (point) => formatCount(point.tracks) },
    { head: words.artists, value: (point) => point.artists, text: (point) => formatCount(point.artists) },
  ];
  return {
    table: { columns, rows: points },
    data: {
      starts: points.map((point) => Date.parse(point.start)),
      series: [
        { label: words.tracks, values: points.map((point) => point.tracks), colour: 'series-1' },
        { label: words.artists, values: points.map((point) => point.artists), colour: 'series-2' },
      ],
      timeZone: calendar.timeZone,
    },
    title: (index: number) => calendar.bucket(at(index).start, bucket),
    text: (index: number) => `${plural(at(index).tracks, words.track)}, ${plural(at(index).artists, words.artist)}`,
  };
}
