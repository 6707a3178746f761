/** The year in words: what stands in the picture and a little more, to read, to select and to hear. */

import type { TopItem } from '../api/types';
import { BarList } from '../charts/bar_list';
import { formatCount, formatDuration, plural } from '../words/format';
import { factsOf } from './facts';
import type { Review } from './review';

/** Shows a year's numbers beside its picture. */
export function YearFacts({ review }: { review: Review }) {
  const address = `/dashboard?range=${review.year}`;
  return (
    <div class="year-facts">
      <section class="card year-hero" aria-labelledby="minutes-title">
        <h2 id="minutes-title">
          <data id="minutes" value={review.minutes}>
            {formatCount(review.minutes)}
          </data>{' '}
          minutes
        </h2>
        <p>
          {plural(review.plays, 'play')} of {plural(review.tracks, 'track')} by {plural(review.artists, 'artist')}, in{' '}
          {review.year}.
        </p>
        <p>
          <a href={address}>Look closer in the dashboard</a>
        </p>
      </section>
      <dl class="tiles">
        {factsOf(review).map(({ name, value, more }) => (
          <div key={name} class="tile">
            <dt>{name}</dt>
            <dd>
              {value}
              <small>{more}</small>
            </dd>
          </div>
        ))}
      </dl>
      <div class="columns">
        <Ranking id="year-artists" title="Top artists" items={review.topArtists} />
        <Ranking id="year-tracks" title="Top tracks" items={review.topTracks} />
        <Ranking id="year-albums" title="Top albums" items={review.topAlbums} />
      </div>
    </div>
  );
}

function Ranking({ id, title, items }: { id: string; title: string; items: readonly TopItem[] }) {
  return (
    <section class="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} class="card-title">
        {title}
      </h2>
      <BarList
        id={id}
        empty="None in this year."
        bars={items.map((item) => ({
          name: item.name,
          by: item.artistName,
          value: item.plays,
          text: plural(item.plays, 'play'),
          other: formatDuration(item.msPlayed),
        }))}
      />
    </section>
  );
}
