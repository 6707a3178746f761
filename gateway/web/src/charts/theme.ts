/** The colours of the page, for what is drawn and not styled. */

import { useEffect, useState } from 'preact/hooks';

/** A colour of the theme, by its name in tokens.css without the dashes. */
export type ColourOf = (name: string) => string;

/** Looks colours up as they are now. */
export const colourOf: ColourOf = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Counts changes of the theme, so that what is drawn is drawn again. */
export function useTheme(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const changed = () => setChanges((before) => before + 1);
    document.addEventListener('themechange', changed);
    return () => document.removeEventListener('themechange', changed);
  }, []);
  return changes;
}
