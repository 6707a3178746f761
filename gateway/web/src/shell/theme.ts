/** Light or dark: what the system says unless the person has chosen, kept for this browser. */

const NAME = 'sluice.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** What a person can choose. */
export type ThemeChoice = 'system' | 'light' | 'dark';

/** Gives what was chosen in this browser. */
export function themeChoice(): ThemeChoice {
  try {
    const kept = localStorage.getItem(NAME);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

/** Chooses, and shows it at once. */
export function chooseTheme(choice: ThemeChoice): void {
  try {
    if (choice === 'system') localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, choice);
  } catch {
    // Storage is switched off: the choice holds until the page is left.
  }
  show(choice);
}

/** Shows what was chosen, and follows the system where nothing was. Charts hear of changes by "themechange". */
export function startTheme(): void {
  show(themeChoice());
  dark.addEventListener('change', () => show(themeChoice()));
}

function show(choice: ThemeChoice): void {
  const theme = choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent('themechange', { detail: theme }));
}
