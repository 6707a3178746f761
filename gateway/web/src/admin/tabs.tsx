/** The parts of the page, and whether what is shown is of now. */

import { formatAge } from '../words/ages';
import { formatCount } from '../words/format';
import { useDesk } from './desk';
import { NO_FILTERS, TABS, type Tab } from './view';
import { ViewLink } from './view_link';

const NAMES: Record<Tab, string> = { queues: 'Queues', workers: 'Workers', jobs: 'Jobs', audit: 'Audit log' };

/** The way from one part to the other; Jobs keeps its filters. */
export function Tabs() {
  const { view, overview } = useDesk();
  const counts: Partial<Record<Tab, number | undefined>> = {
    queues: overview?.queues.length,
    workers: overview?.workers.length,
  };
  return (
    <nav class="tabs" aria-label="Parts of this page">
      {TABS.map((tab) => (
        <ViewLink
          key={tab}
          to={{ tab, filters: view.tab === 'jobs' ? NO_FILTERS : view.filters, job: '' }}
          current={tab === view.tab}
        >
          {NAMES[tab]}
          {counts[tab] !== undefined && <span class="tab-count">{formatCount(counts[tab])}</span>}
        </ViewLink>
      ))}
    </nav>
  );
}

/** "Live", or since when it is not. */
export function Standing({ lost }: { lost: boolean }) {
  const { overview, now } = useDesk();
  const age = overview ? now - Date.parse(overview.at) : 0;
  const stale = lost || age > 15_000;
  const words = stale ? `No answer for ${formatAge(age)}; trying again` : 'Live';
  return (
    <p class="standing" data-stale={stale}>
      <span class="dot" aria-hidden="true" />
      {overview || lost ? words : 'Connecting …'}
    </p>
  );
}
