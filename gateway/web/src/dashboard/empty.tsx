/** What is shown where there is nothing to add up. */

import drop from '../shell/drop.svg';
import { defaults } from './filters';
import type { Change } from './use_filters';

/** Nobody has uploaded anything yet. */
export function NoPlays() {
  return (
    <section id="no-plays" class="card empty" aria-labelledby="no-plays-title">
      <img src={drop} width="56" height="56" alt="" />
      <h2 id="no-plays-title" class="card-title">
        Nothing here yet
      </h2>
      <p>Upload the export of your music service, and this page fills itself.</p>
      <p>
        <a class="button" href="/">
          Upload your history
        </a>
      </p>
    </section>
  );
}

/** There are plays, but none that fit. */
export function EmptyPeriod({ change }: { change: Change }) {
  const showAll = () => change({ ...defaults(), minMs: 0 });
  return (
    <section id="empty-range" class="card empty" aria-labelledby="empty-range-title">
      <h2 id="empty-range-title" class="card-title">
        No plays that fit
      </h2>
      <p>In this period there is no play of that kind and length.</p>
      <p>
        <button id="show-all" type="button" class="button" onClick={showAll}>
          Show everything
        </button>
      </p>
    </section>
  );
}
