/** The button that walks through system, light and dark. */

import { useState } from 'preact/hooks';
import { chooseTheme, type ThemeChoice, themeChoice } from './theme';

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const NAMES: Record<ThemeChoice, string> = { system: 'as the system', light: 'light', dark: 'dark' };
const SHAPES: Record<ThemeChoice, string> = {
  system: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h5.8M12 12h7.9M12 16h5.8',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1 1M17.4 17.4l1 1M18.4 5.6l-1 1M6.6 17.4l-1 1',
  dark: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
};

/** Shows the choice and takes the next one. */
export function ThemeToggle() {
  const [choice, setChoice] = useState(themeChoice);
  const turn = () => {
    chooseTheme(NEXT[choice]);
    setChoice(NEXT[choice]);
  };
  const label = `Colours: ${NAMES[choice]}. Change to ${NAMES[NEXT[choice]]}`;
  return (
    <button type="button" class="icon-button" onClick={turn} aria-label={label} title={label}>
      <svg viewBox="0 0 24 24" width="20" height="20" class={`theme-icon ${choice}`} aria-hidden="true">
        <path d={SHAPES[choice]} />
      </svg>
    </button>
  );
}
