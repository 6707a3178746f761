/** The top of each page: the way to the content, the name, the pages, light or dark. */

import { saysOperator } from '../api/session';
import mark from './favicon.svg';
import { ThemeToggle } from './theme_toggle';

const PAGES = [
  { path: '/', name: 'Upload' },
  { path: '/dashboard', name: 'Dashboard' },
  { path: '/review', name: 'Your year' },
  { path: '/admin', name: 'Operate' },
];

/** `current` is the path of the page that one is on, if it is one of those named. */
export function Header({ current }: { current?: string | undefined }) {
  // Others would find nothing there.
  const pages = PAGES.filter(({ path }) => path !== '/admin' || current === path || saysOperator());
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <header class="site-header">
        <a class="brand" href="/">
          <img src={mark} width="28" height="28" alt="" />
          Sluice
        </a>
        <nav aria-label="Pages">
          {pages.map(({ path, name }) => (
            <a key={path} href={path} aria-current={path === current ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <ThemeToggle />
      </header>
    </>
  );
}
