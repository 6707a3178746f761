/** The filters in the address: changing them is a step that the back button undoes. */

import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Filters, readFilters, writeFilters } from './filters';

/** Changes some of the filters. */
export type Change = (wanted: Partial<Filters>) => void;

/** Gives what the address says, and the way to change it. */
export function useFilters(): [Filters, Change] {
  const [filters, setFilters] = useState(() => readFilters(location.search));
  useEffect(() => {
    const moved = () => setFilters(readFilters(location.search));
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const change = useCallback((wanted: Partial<Filters>) => {
    const next = { ...readFilters(location.search), ...wanted };
    const address = location.pathname + writeFilters(next);
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
    setFilters(readFilters(location.search));
  }, []);
  return [filters, change];
}
