/** The first and the last day of a custom range. */

import { isDay } from '../charts/days';
import type { Scope } from './scope';

/** An empty field is open: from the first play, or to the last. */
export function CustomDays({ scope: { filters, change } }: { scope: Scope }) {
  const choose = (name: 'from' | 'to', value: string) => {
    if (value === '' || isDay(value)) change({ range: 'custom', [name]: value });
  };
  return (
    <div id="custom-range" class="field-pair">
      {(['from', 'to'] as const).map((name) => (
        <div key={name} class="field">
          <label for={name}>{name === 'from' ? 'First day' : 'Last day'}</label>
          <input
            id={name}
            type="date"
            value={filters[name]}
            onChange={(event) => choose(name, event.currentTarget.value)}
          />
        </div>
      ))}
    </div>
  );
}
