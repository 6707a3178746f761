/** The dashboard: what to count, and all that it adds up to. */

import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/use_answer';
import { ProblemNotice } from '../shell/notice';
import { ClockCard } from './clock_card';
import { ContentsCard } from './contents_card';
import { DiscoveriesCard } from './discoveries_card';
import { EmptyPeriod, NoPlays } from './empty';
import { FilterBar } from './filter_bar';
import { PlatformsCard, SessionsCard, StreaksCard } from './habits_cards';
import { type Scope, scopeOf } from './scope';
import { TimelineCard } from './timeline_card';
import { TopCard } from './top_card';
import { Totals } from './totals';
import { useFilters } from './use_filters';

/** Shows the filters of the address and their numbers; where there is no play at all, how to get some. */
export function Dashboard() {
  const [filters, change] = useFilters();
  const everything = useAnswer('/api/listens/overview', { query: { minMs: 0 } });
  const { firstPlayedAt: first, lastPlayedAt: last } = everything.value ?? {};
  const scope = useMemo(() => first && last && scopeOf(filters, change, first, last), [filters, change, first, last]);
  return (
    <>
      <h1>Your listening</h1>
      <ProblemNotice error={everything.error} retry={everything.retry} />
      {everything.value && !first && <NoPlays />}
      {!everything.value && !everything.error && (
        <p id="loading" class="hint" role="status">
          Adding up your plays …
        </p>
      )}
      {scope && <Numbers scope={scope} />}
    </>
  );
}

function Numbers({ scope }: { scope: Scope }) {
  const overview = useAnswer('/api/listens/overview', { query: scope.shared });
  const empty = overview.value?.plays === 0 && !overview.stale;
  return (
    <>
      <FilterBar scope={scope} />
      <ProblemNotice error={overview.error} retry={overview.retry} />
      {empty ? (
        <EmptyPeriod change={scope.change} />
      ) : (
        <div id="dashboard" aria-busy={overview.stale || !overview.value}>
          <Totals asked={overview} scope={scope} />
          <Cards scope={scope} />
        </div>
      )}
    </>
  );
}

/** In the order in which they are asked for. */
function Cards({ scope }: { scope: Scope }) {
  const { kind } = scope.filters;
  const hasAlbums = kind === 'all' || kind === 'music';
  return (
    <>
      <TimelineCard scope={scope} />
      <div class={hasAlbums ? 'columns' : 'columns two'}>
        <TopCard scope={scope} ranked="artists" />
        <TopCard scope={scope} ranked="tracks" />
        {hasAlbums && <TopCard scope={scope} ranked="albums" />}
      </div>
      {kind === 'all' && (
        <p class="hint">The rankings are of music; podcasts, audiobooks and videos count in everything else.</p>
      )}
      <div class="columns two">
        <ClockCard scope={scope} />
        <DiscoveriesCard scope={scope} />
      </div>
      <div class={kind === 'all' ? 'columns' : 'columns two'}>
        <div class="stack">
          <StreaksCard scope={scope} />
          <SessionsCard scope={scope} />
        </div>
        <PlatformsCard scope={scope} />
        {kind === 'all' && <ContentsCard scope={scope} />}
      </div>
    </>
  );
}
