/** What the history is after an import: how many plays are new, which period each source covers, and gaps. */

import { useEffect, useState } from 'preact/hooks';
import { getJson } from '../api/request';
import type { Upload } from '../api/types';
import { formatDay, plural, timeZone } from '../words/format';
import { type Gap, gapSentence, gapsIn } from './gaps';

const SOURCES = { account: 'Account data', extended: 'Extended history' } as const;
const MOST_GAPS = 6;

interface Known {
  sources: { source: keyof typeof SOURCES; plays: number; firstPlayedAt: string; lastPlayedAt: string }[];
  gaps: Gap[];
}

/** The card; nothing where no play of the upload was kept, or the numbers cannot be had. */
export function History({ upload }: { upload: Upload }) {
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    load().then(setKnown, () => {});
  }, []);
  const fresh = upload.insertedRecords - upload.supersededRecords;
  if (!known?.sources.length) return null;
  return (
    <section id="history" class="card" aria-labelledby="history-title">
      <h2 id="history-title" class="card-title">
        {fresh > 0 ? `${plural(fresh, 'new play')}` : 'No new plays: all of them were there already'}
      </h2>
      <dl class="spans">
        {known.sources.map(({ source, plays, firstPlayedAt, lastPlayedAt }) => (
          <div key={source}>
            <dt>{SOURCES[source]}</dt>
            <dd>
              {formatDay(firstPlayedAt)} to {formatDay(lastPlayedAt)}
              <span class="hint"> · {plural(plays, 'play')}</span>
            </dd>
          </div>
        ))}
      </dl>
      {known.gaps.length > 0 && (
        <ul id="gaps" class="gaps">
          {known.gaps.slice(0, MOST_GAPS).map((gap) => (
            <li key={gap.from.getTime()}>{gapSentence(gap)}</li>
          ))}
          {known.gaps.length > MOST_GAPS && <li>And {plural(known.gaps.length - MOST_GAPS, 'more gap')}.</li>}
        </ul>
      )}
    </section>
  );
}

async function load(): Promise<Known> {
  const [{ sources }, { points }] = await Promise.all([
    getJson('/api/listens/sources'),
    getJson('/api/listens/timeline', { query: { bucket: 'day', tz: timeZone() } }),
  ]);
  return { sources, gaps: gapsIn(points) };
}
