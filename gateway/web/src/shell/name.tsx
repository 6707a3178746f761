/** A name that somebody else wrote: any script, any length, any direction; only ever text. */

import { shorten } from '../words/format';

type Tag = 'span' | 'strong' | 'h1' | 'h2';

/** Shows the name in its own direction, very long ones cut; the whole of what is shown is in the title. */
export function Name({ children, as = 'span', class: more = '' }: { children: unknown; as?: Tag; class?: string }) {
  const shown = shorten(children);
  const Element = as;
  return (
    <Element class={`name ${more}`.trim()} dir="auto" title={shown}>
      {shown}
    </Element>
  );
}
