/** Answers of the API, kept as long as the page is open: going back shows at once what was there. */

import { useCallback, useEffect, useState } from 'preact/hooks';
import { getJson, isAbort } from './request';
import type { Answer, GetPath, Query } from './types';

const MOST_KEPT = 200;
const kept = new Map<string, unknown>();

/** `value` is the latest that has come; `stale` says that it is not what was asked for last. */
export interface Asked<T> {
  value: T | null;
  stale: boolean;
  error: unknown;
  retry: () => void;
}

/** What to ask for; what stands in a path's braces goes by `path`. */
interface Question<P extends GetPath> {
  path?: Record<string, string>;
  query: Query<P>;
}

interface State<T> {
  key: string;
  value: T | null;
  error: unknown;
}

/** Asks, and again whenever the question changes, which ends the request before; null asks nothing. */
export function useAnswer<P extends GetPath>(path: P, question: Question<P> | null): Asked<Answer<P>> {
  const key = question ? JSON.stringify([path, question]) : '';
  const [state, setState] = useState<State<Answer<P>>>({ key: '', value: null, error: null });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!question || kept.has(key)) return;
    const own = new AbortController();
    getJson(path, { ...question, signal: own.signal })
      .then((value) => setState({ key, value: keep(key, value), error: null }))
      .catch((error) => {
        if (!isAbort(error)) setState((before) => ({ key, value: before.value, error }));
      });
    return () => own.abort();
  }, [key, tries]);
  const retry = useCallback(() => setTries((before) => before + 1), []);
  const known = kept.get(key) as Answer<P> | undefined;
  useEffect(() => {
    if (known) setState({ key, value: known, error: null });
  }, [key, known]);
  const value = known ?? state.value;
  return {
    value,
    stale: !known && state.key !== key && value !== null,
    error: state.key === key ? state.error : null,
    retry,
  };
}

function keep<T>(key: string, value: T): T {
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value as string);
  kept.set(key, value);
  return value;
}
