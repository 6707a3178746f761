/** A ranking with a bar for each name. The list is the chart's text: nothing is told by length alone. */

import { Name } from '../shell/name';

/** One place: a name, whose it is, and how much in words and as a number. */
export interface Bar {
  name: string;
  by?: string | null;
  value: number;
  text: string;
  other: string;
}

/** Shows bars in their order; `empty` is said where there are none. */
export function BarList({
  bars,
  id,
  empty,
  ranked = true,
}: {
  bars: readonly Bar[];
  id: string;
  empty: string;
  ranked?: boolean;
}) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <ol id={id} class={ranked ? 'bars' : 'bars unranked'}>
      {bars.map((bar, index) => (
        <li key={index} class="bar">
          <span class="bar-names">
            <Name>{bar.name}</Name>
            {bar.by && <Name class="by">{bar.by}</Name>}
          </span>
          <span class="bar-values">
            <data class="bar-value" value={bar.value}>
              {bar.text}
            </data>
            <span class="by">{bar.other}</span>
          </span>
          <svg class="bar-track" width="100%" height="6" aria-hidden="true">
            <rect class="bar-ground" width="100%" height="6" rx="3" />
            <rect class="bar-fill" width={`${Math.max(0.5, (100 * bar.value) / most)}%`} height="6" rx="3" />
          </svg>
        </li>
      ))}
      {!bars.length && <li class="hint">{empty}</li>}
    </ol>
  );
}
