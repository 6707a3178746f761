/** A year in review: which year, its picture, and its numbers. */

import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../api/use_answer';
import { Calendar } from '../charts/calendar';
import { NoPlays } from '../dashboard/empty';
import { Notice, ProblemNotice } from '../shell/notice';
import { timeZone } from '../words/format';
import { type LookName, lookNamed } from './looks';
import { PosterView } from './poster_view';
import { MIN_MS, useReview } from './use_review';
import { YearFacts } from './year_facts';

interface Wish {
  year: string | null;
  look: LookName;
}

/** Shows the year of the address, the last one with plays unless it names another. */
export function ReviewPage() {
  const asked = useAnswer('/api/listens/timeline', { query: { minMs: MIN_MS, tz: timeZone(), bucket: 'year' } });
  const calendar = new Calendar(timeZone());
  const years = asked.value?.points.filter(({ plays }) => plays).map(({ start }) => calendar.dayOf(start).slice(0, 4));
  return (
    <>
      <h1>Your year</h1>
      <ProblemNotice error={asked.error} retry={asked.retry} />
      {years && !years.length && <NoPlays />}
      {years && years.length > 0 && <Years years={years.reverse()} />}
    </>
  );
}

/** `years` are those with plays, the latest first. */
function Years({ years }: { years: readonly string[] }) {
  const [wish, change] = useWish();
  const year = wish.year ?? years[0] ?? '';
  const { review, stale, error, retry } = useReview(year, timeZone());
  return (
    <>
      <nav class="years" aria-label="Years">
        {years.map((each) => (
          <a
            key={each}
            href={`/review?year=${each}`}
            aria-current={each === year ? 'page' : undefined}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              change({ ...wish, year: each });
            }}
          >
            {each}
          </a>
        ))}
      </nav>
      <ProblemNotice error={error} retry={retry} />
      {review ? (
        <div class="review" aria-busy={stale}>
          {review.plays === 0 && !stale && <Notice>There is no play of half a minute or more in {review.year}.</Notice>}
          <PosterView review={review} look={wish.look} choose={(look) => change({ ...wish, look })} stale={stale} />
          <YearFacts review={review} />
        </div>
      ) : (
        !error && <div class="review skeleton poster" aria-busy="true" />
      )}
    </>
  );
}

/** The year and the look in the address. */
function useWish(): [Wish, (wish: Wish) => void] {
  const [wish, setWish] = useState(readWish);
  useEffect(() => {
    const moved = () => setWish(readWish());
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const change = (wanted: Wish) => {
    const told = { ...(wanted.year && { year: wanted.year }), ...(wanted.look !== 'water' && { look: wanted.look }) };
    history.pushState(null, '', `${location.pathname}?${new URLSearchParams(told)}`);
    setWish(wanted);
  };
  return [wish, change];
}

function readWish(): Wish {
  const query = new URLSearchParams(location.search);
  const year = query.get('year') ?? '';
  return { year: /^(19|20)\d{2}$/.test(year) ? year : null, look: lookNamed(query.get('look')) };
}
