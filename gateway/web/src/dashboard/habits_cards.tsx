/** How one listens: streaks, sessions, skips, and on what. */

import { useMemo } from 'preact/hooks';
import type { Habits } from '../api/types';
import { useAnswer } from '../api/use_answer';
import { BarList } from '../charts/bar_list';
import { daysName } from '../charts/calendar';
import { ChartCard } from '../charts/chart_card';
import { addDays, daysBetween } from '../charts/days';
import { formatShare } from '../charts/scale';
import { type Streak, streaksOf } from '../charts/streaks';
import type { Column } from '../charts/table';
import { formatCount, formatDuration, plural } from '../words/format';
import { platformName } from '../words/listening';
import type { Measure, Span } from './filters';
import type { Scope } from './scope';

const MOST_DAYS = 9_900;

interface Fact {
  name: string;
  value: string;
  more: string;
}

const FACTS: Column<Fact>[] = [
  { head: 'What', value: (fact) => fact.name },
  { head: 'How much', value: (fact) => fact.value },
  { head: 'More', value: (fact) => fact.more },
];

/** Days in a row with plays. */
export function StreaksCard({ scope }: { scope: Scope }) {
  const { calendar, shared, span } = scope;
  const query = span && { ...shared, ...lastDays(span), bucket: 'day' as const };
  const asked = useAnswer('/api/listens/timeline', query && { query });
  const points = asked.value?.points;
  const facts = useMemo(() => {
    if (!points) return undefined;
    const found = streaksOf(points.map(({ start, plays }) => ({ day: calendar.dayOf(start), plays })));
    return [
      streakFact('Longest streak', found.longest),
      streakFact('Latest streak', found.last),
      {
        name: 'Days with plays',
        value: formatShare(found.daysWithPlays, found.days),
        more: `${formatCount(found.daysWithPlays)} of ${plural(found.days, 'day')}`,
      },
    ];
  }, [points, calendar]);
  return <FactsCard {...asked} id="streaks-card" title="Streaks" note="Days in a row with plays" facts={facts} />;
}

/** A timeline may have 10,000 points: of more than 27 years, the last ones. */
function lastDays({ first, last }: Span): { from?: string } {
  return daysBetween(first, last) > MOST_DAYS ? { from: addDays(last, -MOST_DAYS) } : {};
}

function streakFact(name: string, streak: Streak | null): Fact {
  if (!streak) return { name, value: 'none', more: 'Nothing on the last two days' };
  return { name, value: plural(streak.days, 'day'), more: daysName(streak.from, streak.to) };
}

/** Plays with little silence between them. */
export function SessionsCard({ scope }: { scope: Scope }) {
  const asked = useAnswer('/api/listens/sessions', { query: scope.shared });
  const found = asked.value;
  const facts = found && [
    { name: 'Sessions', value: formatCount(found.sessions), more: `${formatDuration(found.ms)} in all` },
    {
      name: 'Usual length',
      value: found.sessions ? formatDuration(found.ms / found.sessions) : 'none',
      more: 'on average',
    },
    {
      name: 'Longest session',
      value: lengthOf(found.longestStart, found.longestEnd),
      more: found.longestStart ? scope.calendar.moment(found.longestStart) : '',
    },
  ];
  return (
    <FactsCard
      {...asked}
      id="sessions-card"
      title="Sessions"
      note="Plays with at most half an hour of silence in between"
      facts={facts ?? undefined}
    />
  );
}

function lengthOf(start: string | null, end: string | null): string {
  return start && end ? formatDuration(Date.parse(end) - Date.parse(start)) : 'none';
}

interface FactsOf {
  id: string;
  title: string;
  note: string;
  facts: Fact[] | undefined;
  stale: boolean;
  error: unknown;
  retry: () => void;
}

function FactsCard({ facts, ...card }: FactsOf) {
  return (
    <ChartCard {...card} size="small" table={facts && { columns: FACTS, rows: facts }}>
      <dl class="facts">
        {facts?.map(({ name, value, more }) => (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>
              <strong>{value}</strong>
              <small>{more}</small>
            </dd>
          </div>
        ))}
      </dl>
    </ChartCard>
  );
}

/** On what one listens, and how much is skipped. */
export function PlatformsCard({ scope }: { scope: Scope }) {
  const asked = useAnswer('/api/listens/habits', { query: scope.shared });
  const { by } = scope.filters;
  const platforms = asked.value?.platforms;
  const table = useMemo(() => platforms && { columns: PLATFORM_COLUMNS, rows: platforms }, [platforms]);
  return (
    <ChartCard
      {...asked}
      id="platforms-card"
      title="Devices"
      note={asked.value && skipsText(asked.value)}
      size="small"
      table={table}
    >
      <BarList id="platforms" ranked={false} bars={barsOf(platforms ?? [], by)} empty="Nothing here in this period." />
    </ChartCard>
  );
}

type Platform = Habits['platforms'][number];

const PLATFORM_COLUMNS: Column<Platform>[] = [
  { head: 'Device', value: ({ platform }) => platformName(platform) },
  { head: 'Plays', value: ({ plays }) => plays, text: ({ plays }) => formatCount(plays) },
  { head: 'Milliseconds', value: ({ msPlayed }) => msPlayed, text: ({ msPlayed }) => formatDuration(msPlayed) },
];

function barsOf(platforms: readonly Platform[], by: Measure) {
  const whole = platforms.reduce((sum, each) => sum + each[by], 0);
  return [...platforms]
    .sort((one, other) => other[by] - one[by])
    .map((each) => ({
      name: platformName(each.platform),
      value: each[by],
      text: formatShare(each[by], whole),
      other: by === 'plays' ? plural(each.plays, 'play') : formatDuration(each.msPlayed),
    }));
}

/** Skips are told of a play or not, and mostly of short ones, which the minimal length would leave out. */
function skipsText({ skipped, skipsTold }: Habits): string {
  if (!skipsTold) return 'The files do not say what was skipped';
  return `${formatShare(skipped, skipsTold)} skipped, of ${plural(skipsTold, 'play')} of any length`;
}
