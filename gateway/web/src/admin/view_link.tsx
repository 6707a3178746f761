/** A link to another view of this page: it goes there without loading the page anew. */

import type { ComponentChildren } from 'preact';
import { useDesk } from './desk';
import { addressOf, type View } from './view';

interface Props {
  to: View;
  current?: boolean;
  class?: string;
  title?: string;
  id?: string;
  children: ComponentChildren;
}

/** Shows it; a new tab or window opens as with any link. */
export function ViewLink({ to, current, children, ...rest }: Props) {
  const { go } = useDesk();
  const follow = (event: MouseEvent) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a {...rest} href={addressOf(to)} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
