/** How everything stands, live, as state; with the rates of the last minutes. */

import { useEffect, useState } from 'preact/hooks';
import { isAbort } from '../api/request';
import { followOverview } from './follow_overview';
import { type RateHistory, withLook } from './rate_history';
import type { Overview } from './types';

/** What is known; `error` is what ended the watch for good. */
export interface Watched {
  overview: Overview | null;
  history: RateHistory;
  /** By how much the server's clock is ahead of ours, in milliseconds. */
  ahead: number;
  lost: boolean;
  error: unknown;
}

const NOTHING: Watched = { overview: null, history: new Map(), ahead: 0, lost: false, error: null };

/** Follows for as long as the page shows it. */
export function useOverview(): Watched {
  const [watched, setWatched] = useState(NOTHING);
  useEffect(() => {
    const stopper = new AbortController();
    const change = (part: Partial<Watched>) => setWatched((before) => ({ ...before, ...part }));
    const onOverview = (overview: Overview) =>
      setWatched(({ history }) => ({
        overview,
        history: withLook(history, overview),
        ahead: Date.parse(overview.at) - Date.now(),
        lost: false,
        error: null,
      }));
    followOverview({ onOverview, onLost: () => change({ lost: true }), signal: stopper.signal }).catch((error) => {
      if (!isAbort(error)) change({ error });
    });
    return () => stopper.abort();
  }, []);
  return watched;
}

/** The time of now, once a second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
