/** The frame of every page: header, main, and what is said when the page itself breaks. */

import './tokens.css';
import './shell.css';
import { Component, type ComponentChildren, render } from 'preact';
import { sentenceOf } from '../api/problem';
import { takeTokenFromAddress } from '../api/session';
import { Header } from './header';
import { Notice } from './notice';
import { startTheme } from './theme';

interface Frame {
  /** The path of this page in the header. */
  current?: string;
  /** For dashboards: more than a column of text. */
  wide?: boolean;
}

/** Starts a page: signs in by the address, shows the frame in #page, and `content` in it. Call it once. */
export function mountPage(frame: Frame, content: ComponentChildren): void {
  const place = document.getElementById('page');
  if (!place) throw new Error('The page has no #page.');
  takeTokenFromAddress();
  startTheme();
  render(<Page {...frame}>{content}</Page>, place);
}

function Page({ current, wide, children }: Frame & { children: ComponentChildren }) {
  return (
    <>
      <Header current={current} />
      <main id="main" class={wide ? 'wide' : ''} tabIndex={-1}>
        <Boundary>{children}</Boundary>
      </main>
      {current !== '/admin' && (
        <footer class="site-footer">
          <a href="/#your-data">Your data</a>
          <span>Files stay on your machine until you send them.</span>
        </footer>
      )}
    </>
  );
}

/** A mistake in one part of the page must not leave it white. */
class Boundary extends Component<{ children: ComponentChildren }, { broken: string }> {
  override state = { broken: '' };

  override componentDidCatch(error: unknown): void {
    this.setState({ broken: sentenceOf(error) });
  }

  override render() {
    if (!this.state.broken) return <>{this.props.children}</>;
    return <Notice action={{ label: 'Load again', run: () => location.reload() }}>{this.state.broken}</Notice>;
  }
}
