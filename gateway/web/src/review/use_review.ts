/** The numbers of a year, asked for all at once. */

import { useMemo } from 'preact/hooks';
import { useAnswer } from '../api/use_answer';
import { type Answers, type Review, reviewOf } from './review';

/** Shorter plays do not count. */
export const MIN_MS = 30_000;
const TOP = 5;

/** `review` is the last one that was complete. */
export interface Told {
  review: Review | null;
  stale: boolean;
  error: unknown;
  retry: () => void;
}

/** Asks for a year's numbers by the clocks of a time zone. */
export function useReview(year: string, timeZone: string): Told {
  const shared = { from: `${year}-01-01`, to: `${Number(year) + 1}-01-01`, tz: timeZone, minMs: MIN_MS };
  const top = { ...shared, limit: TOP };
  const asked = {
    overview: useAnswer('/api/listens/overview', { query: shared }),
    artists: useAnswer('/api/listens/top/{kind}', { path: { kind: 'artists' }, query: top }),
    tracks: useAnswer('/api/listens/top/{kind}', { path: { kind: 'tracks' }, query: top }),
    days: useAnswer('/api/listens/timeline', { query: { ...shared, bucket: 'day' } }),
    clock: useAnswer('/api/listens/clock', { query: shared }),
    discoveries: useAnswer('/api/listens/discoveries', { query: { ...shared, bucket: 'year' } }),
    sessions: useAnswer('/api/listens/sessions', { query: shared }),
    albums: useAnswer('/api/listens/top/{kind}', { path: { kind: 'albums' }, query: top }),
  };
  const all = Object.values(asked);
  const stale = all.some(({ value, stale }) => stale || !value);
  const values = all.map(({ value }) => value);
  const complete = useMemo(() => (stale ? null : reviewOf(year, timeZone, answersOf(asked))), [stale, ...values]);
  const last = useLast(complete);
  return {
    review: complete ?? last,
    stale,
    error: all.find(({ error }) => error)?.error,
    retry: () => all.filter(({ error }) => error).map(({ retry }) => retry()),
  };
}

type AskedFor = { [K in keyof Answers]: { value: Answers[K] | null } };

function answersOf(asked: AskedFor): Answers {
  return Object.fromEntries(Object.entries(asked).map(([name, { value }]) => [name, value])) as unknown as Answers;
}

function useLast<T>(value: T | null): T | null {
  const kept = useMemo(() => ({ value: null as T | null }), []);
  if (value) kept.value = value;
  return kept.value;
}
