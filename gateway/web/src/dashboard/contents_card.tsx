/** How much was music, and how much podcasts, books and videos; each leads to its own dashboard. */

import { useMemo } from 'preact/hooks';
import type { Timeline } from '../api/types';
import { useAnswer } from '../api/use_answer';
import { BarList } from '../charts/bar_list';
import { ChartCard } from '../charts/chart_card';
import { formatShare } from '../charts/scale';
import type { Column } from '../charts/table';
import { formatCount, formatDuration, plural } from '../words/format';
import { KINDS } from '../words/listening';
import type { Kind } from './filters';
import type { Scope } from './scope';

interface Part {
  kind: Kind;
  plays: number;
  msPlayed: number;
}

const COLUMNS: Column<Part>[] = [
  { head: 'What', value: ({ kind }) => KINDS[kind].name },
  { head: 'Plays', value: ({ plays }) => plays, text: ({ plays }) => formatCount(plays) },
  { head: 'Milliseconds', value: ({ msPlayed }) => msPlayed, text: ({ msPlayed }) => formatDuration(msPlayed) },
];

/** Asks for timelines of years, which cost a quarter of an overview. */
export function ContentsCard({ scope }: { scope: Scope }) {
  const { filters, change } = scope;
  const music = usePart(scope, 'music');
  const others = [usePart(scope, 'podcast'), usePart(scope, 'audiobook'), usePart(scope, 'video')];
  const asked = [music, ...others];
  const parts = useMemo(
    () => (asked.every(({ value }) => value) ? asked.map(({ kind, value }) => partOf(kind, value)) : undefined),
    asked.map(({ value }) => value),
  );
  const shown = parts?.filter(({ plays }) => plays).sort((one, other) => other[filters.by] - one[filters.by]);
  const whole = shown?.reduce((sum, part) => sum + part[filters.by], 0) ?? 0;
  return (
    <ChartCard
      id="contents-card"
      title="Music and more"
      note={`By ${filters.by === 'plays' ? 'plays' : 'time'}`}
      size="small"
      table={shown && { columns: COLUMNS, rows: shown }}
      stale={asked.some(({ stale }) => stale)}
      error={asked.find(({ error }) => error)?.error}
      retry={() => asked.filter(({ error }) => error).map(({ retry }) => retry())}
    >
      <BarList
        id="contents"
        ranked={false}
        empty="Nothing here in this period."
        bars={(shown ?? []).map((part) => ({
          name: KINDS[part.kind].name,
          value: part[filters.by],
          text: formatShare(part[filters.by], whole),
          other: filters.by === 'plays' ? plural(part.plays, 'play') : formatDuration(part.msPlayed),
        }))}
      />
      <p class="only">
        {shown &&
          shown.length > 1 &&
          shown.map(({ kind }) => (
            <button key={kind} type="button" class="tool" onClick={() => change({ kind })}>
              Only {KINDS[kind].name.toLowerCase()}
            </button>
          ))}
      </p>
    </ChartCard>
  );
}

function usePart({ shared }: Scope, kind: Kind) {
  return { kind, ...useAnswer('/api/listens/timeline', { query: { ...shared, contentType: kind, bucket: 'year' } }) };
}

function partOf(kind: Kind, timeline: Timeline | null): Part {
  const points = timeline?.points ?? [];
  const sum = (name: 'plays' | 'msPlayed') => points.reduce((total, point) => total + point[name], 0);
  return { kind, plays: sum('plays'), msPlayed: sum('msPlayed') };
}
