/** One page at a time of a long list, looked at anew now and then: never more in memory, however long it is. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { isAbort } from '../api/request';

/** One page as the gateway answers it. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** A page that is shown, and the ways from it. */
export interface Pages<T> {
  items: T[] | null;
  /** Counted from 1. */
  number: number;
  /** While it is looked for among many that do not fit: how many calls that took. */
  looks: number;
  error: unknown;
  next: (() => void) | undefined;
  previous: (() => void) | undefined;
  retry: () => void;
}

type Fetch<T> = (cursor: string, signal: AbortSignal) => Promise<Page<T>>;

interface Shown<T> {
  page: Page<T> | null;
  looks: number;
  error: unknown;
}

const EVERY_MS = 4_000;
// One look goes over 10,000 jobs: after so many one is asked whether to go on.
const MOST_LOOKS = 20;

/** Shows the first page of what `name` names, again whenever it or `acts` changes. */
export function usePages<T>(name: string, acts: number, fetch: Fetch<T>): Pages<T> {
  const [trail, setTrail] = useState<{ name: string; cursors: string[] }>({ name, cursors: [''] });
  const [shown, setShown] = useState<Shown<T>>({ page: null, looks: 0, error: null });
  const [tries, setTries] = useState(0);
  const fetching = useRef(fetch);
  fetching.current = fetch;
  const cursors = trail.name === name ? trail.cursors : [''];
  const cursor = cursors.at(-1) ?? '';
  const place = `${name} ${cursor}`;
  const placed = useRef(place);
  useEffect(() => {
    const stopper = new AbortController();
    if (placed.current !== place) setShown({ page: null, looks: 0, error: null });
    placed.current = place;
    const onLook = (looks: number) => setShown((before) => ({ ...before, looks: before.page ? 0 : looks }));
    const look = async () => {
      try {
        const page = await firstWithAny(fetching.current, cursor, stopper.signal, onLook);
        setShown({ page, looks: 0, error: null });
      } catch (error) {
        if (!isAbort(error) && !stopper.signal.aborted) setShown((before) => ({ ...before, error }));
      }
    };
    const whole = repeated(look, stopper.signal);
    return () => {
      stopper.abort();
      whole();
    };
  }, [place, acts, tries]);
  const { page, looks, error } = shown;
  const goTo = (list: string[]) => () => setTrail({ name, cursors: list });
  return {
    items: page?.items ?? null,
    number: cursors.length,
    looks,
    error,
    next: page?.nextCursor ? goTo([...cursors, page.nextCursor]) : undefined,
    previous: cursors.length > 1 ? goTo(cursors.slice(0, -1)) : undefined,
    retry: () => setTries(tries + 1),
  };
}

/** Runs it now and then for as long as the page is looked at; never twice at once. Gives what ends it. */
function repeated(act: () => Promise<void>, signal: AbortSignal): () => void {
  let timer = 0;
  const again = async () => {
    if (!document.hidden) await act();
    if (!signal.aborted) timer = window.setTimeout(again, EVERY_MS);
  };
  again();
  return () => clearTimeout(timer);
}

/** A page may be empty and not the last: where few fit, one looks further. */
async function firstWithAny<T>(fetch: Fetch<T>, cursor: string, signal: AbortSignal, onLook: (looks: number) => void) {
  let page = await fetch(cursor, signal);
  for (let looks = 1; !page.items.length && page.nextCursor && looks < MOST_LOOKS; looks += 1) {
    onLook(looks);
    page = await fetch(page.nextCursor, signal);
  }
  return page;
}
