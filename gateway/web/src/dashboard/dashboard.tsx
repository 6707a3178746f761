/** The dashboard: what to count, and all that it adds up to. */

import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/use_answer';
import { Calendar } from '../charts/calendar';
import { ProblemNotice } from '../shell/notice';
import { ClockCard } from './clock_card';
import { ContentsCard } from './contents_card';
import { DiscoveriesCard } from './discoveries_card';
import { EmptyPeriod, NoPlays } from './empty';
import { FilterBar } from './filter_bar';
import { PlatformsCard, SessionsCard, StreaksCard } from './habits_cards';
import { type Scope, scopeOf, wholeOf } from './scope';
import { TimelineCard } from './timeline_card';
import { TopCard } from './top_card';
import { Totals } from './totals';
import { useFilters } from './use_filters';

/** Shows the filters of the address and their numbers; where there is no play at all, how to get some. */
export function Dashboard() {
  const [filters, change] = useFilters();
  const calendar = useMemo(() => new Calendar(filters.tz), [filters.tz]);
  const whole = useAnswer('/api/listens/timeline', { query: wholeOf(filters) }, true).value;
  const scope = useMemo(() => scopeOf(filters, change, calendar, whole), [filters, change, calendar, whole]);
  const overview = useAnswer('/api/listens/overview', { query: scope.shared }, true);
  const empty = overview.value?.plays === 0 && !overview.stale;
  const any = useAnswer('/api/listens', empty ? { query: { limit: 1 } } : null);
  const none = empty && any.value?.items.length === 0;
  return (
    <>
      <h1>Your listening</h1>
      {!none && <FilterBar scope={scope} />}
      <ProblemNotice error={overview.error} retry={overview.retry} />
      {none && <NoPlays />}
      {empty && !none && any.value && <EmptyPeriod change={change} />}
      {!empty && (
        <div id="dashboard" aria-busy={overview.stale || !(overview.value || overview.error)}>
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
