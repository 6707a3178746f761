/** Answers of the API, kept as long as the page is open: going back shows at once what was there. */

import { useCallback, useEffect, useState } from 'preact/hooks';
import { getJson, isAbort } from './request';
import { inTurn } from './turns';
import type { Answer, GetPath, Query } from './types';

const MOST_KEPT = 200;
const kept = new Map<string, unknown>();
const running = new Map<string, Running>();

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

/** A request, and how many wait for it. */
interface Running {
  answer: Promise<unknown>;
  controller: AbortController;
  waiting: number;
}

/**
 * Asks, and again whenever the question changes; null asks nothing. Who asks the same shares a request, and one that
 * nobody waits for any more is ended; urgent ones do not wait for the page's others.
 */
export function useAnswer<P extends GetPath>(path: P, question: Question<P> | null, urgent = false): Asked<Answer<P>> {
  const key = question ? JSON.stringify([path, question]) : '';
  const [state, setState] = useState<State<Answer<P>>>({ key: '', value: null, error: null });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (!question || kept.has(key)) return;
    let gone = false;
    share(key, (signal) => inTurn(() => getJson(path, { ...question, signal }), signal, urgent))
      .then((value) => !gone && setState({ key, value: value as Answer<P>, error: null }))
      .catch((error) => !gone && !isAbort(error) && setState((before) => ({ key, value: before.value, error })));
    return () => {
      gone = true;
      leave(key);
    };
  }, [key, tries]);
  const retry = useCallback(() => setTries((before) => before + 1), []);
  const known = kept.get(key) as Answer<P> | undefined;
  useEffect(() => {
    if (known) setState({ key, value: known, error: null });
  }, [key, known]);
  const stale = !known && state.key !== key && state.value !== null;
  return { value: known ?? state.value, stale, error: state.key === key ? state.error : null, retry };
}

function share(key: string, ask: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const shared = running.get(key);
  if (shared) {
    shared.waiting += 1;
    return shared.answer;
  }
  const controller = new AbortController();
  const answer = ask(controller.signal)
    .then((value) => keep(key, value))
    .finally(() => running.get(key)?.controller === controller && running.delete(key));
  running.set(key, { answer, controller, waiting: 1 });
  return answer;
}

function leave(key: string): void {
  const shared = running.get(key);
  if (!shared) return;
  shared.waiting -= 1;
  if (shared.waiting) return;
  running.delete(key);
  shared.controller.abort();
}

function keep<T>(key: string, value: T): T {
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value as string);
  kept.set(key, value);
  return value;
}
