/** A ranking: artists, tracks or albums, or what stands for them in podcasts and books. */

import { useMemo } from 'preact/hooks';
import type { TopItem } from '../api/types';
import { useAnswer } from '../api/use_answer';
import { type Bar, BarList } from '../charts/bar_list';
import { ChartCard } from '../charts/chart_card';
import type { Column } from '../charts/table';
import { formatDuration, plural } from '../words/format';
import { KINDS } from '../words/listening';
import type { Measure } from './filters';
import type { Scope } from './scope';

const SHOWN = 10;
// As many as one asks for in a table.
const TOLD = 50;

/** Shows the first ten; the table behind has fifty. */
export function TopCard({ scope, ranked }: { scope: Scope; ranked: 'artists' | 'tracks' | 'albums' }) {
  const { filters, shared } = scope;
  const contentType = filters.kind === 'all' ? ('music' as const) : filters.kind;
  const query = { ...shared, contentType, by: filters.by, limit: TOLD };
  const asked = useAnswer('/api/listens/top/{kind}', { path: { kind: ranked }, query });
  const name = KINDS[filters.kind][ranked] ?? '';
  const items = asked.value?.items;
  const table = useMemo(
    () => items && { columns: columnsOf(name, ranked !== 'artists'), rows: items },
    [items, name, ranked],
  );
  return (
    <ChartCard {...asked} id={`${ranked}-card`} title={`Top ${name.toLowerCase()}`} table={table} size="large">
      <BarList
        id={`top-${ranked}`}
        bars={(items ?? []).slice(0, SHOWN).map((item) => barOf(item, filters.by))}
        empty="Nothing here in this period."
      />
    </ChartCard>
  );
}

function barOf(item: TopItem, by: Measure): Bar {
  const [plays, time] = [plural(item.plays, 'play'), formatDuration(item.msPlayed)];
  const [text, other] = by === 'plays' ? [plays, time] : [time, plays];
  return { name: item.name, by: item.artistName, value: item[by], text, other };
}

function columnsOf(name: string, withArtist: boolean): Column<TopItem>[] {
  const artist: Column<TopItem> = { head: 'Artist', value: (item) => item.artistName ?? '', isName: true };
  return [
    { head: name, value: (item) => item.name, isName: true },
    ...(withArtist ? [artist] : []),
    { head: 'Plays', value: (item) => item.plays, text: (item) => plural(item.plays, 'play') },
    { head: 'Milliseconds', value: (item) => item.msPlayed, text: (item) => formatDuration(item.msPlayed) },
  ];
}
