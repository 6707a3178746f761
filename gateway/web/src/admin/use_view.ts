/** The view in the address, as state: going somewhere is a step in the browser's history. */

import { useEffect, useState } from 'preact/hooks';
import { addressOf, readView, type View } from './view';

/** Gives the view of now, and how to go to another. */
export function useView(): [View, (view: View) => void] {
  const [view, setView] = useState(() => readView(location.search));
  useEffect(() => {
    const follow = () => setView(readView(location.search));
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const go = (next: View) => {
    const address = addressOf(next);
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
    setView(next);
  };
  return [view, go];
}
