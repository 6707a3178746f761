/** The sums at the top of the dashboard. */

import type { Overview } from '../api/types';
import type { Asked } from '../api/use_answer';
import { formatCount, formatDecimal, formatDuration, plural } from '../words/format';
import { KINDS } from '../words/listening';
import type { Scope } from './scope';

const DAY = 86_400_000;

/** Shows the sums, or places for them. */
export function Totals({ asked, scope }: { asked: Asked<Overview>; scope: Scope }) {
  const { value, stale } = asked;
  const words = KINDS[scope.filters.kind];
  return (
    <section aria-labelledby="totals-title" aria-busy={stale || !value}>
      <h2 id="totals-title" class="visually-hidden">
        In sum
      </h2>
      <dl class={`tiles ${stale ? 'stale' : ''}`}>
        <Tile
          id="total-time"
          name="Time listened"
          hero
          value={value?.msPlayed}
          text={value && formatDuration(value.msPlayed)}
        >
          {value && value.msPlayed >= 2 * DAY ? `${formatDecimal(value.msPlayed / DAY)} days without a break` : ''}
        </Tile>
        <Tile id="total-plays" name="Plays" value={value?.plays} text={value && formatCount(value.plays)}>
          {value && perDay(value)}
        </Tile>
        <Tile id="total-artists" name={words.artists} value={value?.artists} text={value && formatCount(value.artists)}>
          {value?.artists ? `${formatDecimal(value.tracks / value.artists)} ${words.tracks.toLowerCase()} each` : ''}
        </Tile>
        <Tile id="total-tracks" name={words.tracks} value={value?.tracks} text={value && formatCount(value.tracks)}>
          {value?.albums && words.albums ? `on ${plural(value.albums, 'album')}` : ''}
        </Tile>
      </dl>
      <p id="span" class="hint">
        {value?.firstPlayedAt && value.lastPlayedAt
          ? `First play ${scope.calendar.day(value.firstPlayedAt)}, last play ${scope.calendar.day(value.lastPlayedAt)}`
          : '\u00a0'}
      </p>
    </section>
  );
}

interface TileOf {
  id: string;
  name: string;
  value: number | undefined;
  text: string | null;
  hero?: boolean;
  children: preact.ComponentChildren;
}

function Tile({ id, name, value, text, hero = false, children }: TileOf) {
  return (
    <div class={hero ? 'tile hero' : 'tile'}>
      <dt>{name}</dt>
      <dd>
        <data id={id} value={value ?? ''} class={text === null ? 'awaited' : undefined}>
          {text ?? '\u00a0'}
        </data>
        <small>{children || '\u00a0'}</small>
      </dd>
    </div>
  );
}

function perDay({ plays, firstPlayedAt, lastPlayedAt }: Overview): string {
  const ms = firstPlayedAt && lastPlayedAt ? Date.parse(lastPlayedAt) - Date.parse(firstPlayedAt) : 0;
  return ms >= DAY ? `${formatDecimal(plays / (ms / DAY))} a day` : '';
}
