/** What to count: the period, what kind, by which measure, how long a play has to be, and whose clocks. */

import { useId } from 'preact/hooks';
import { formatDuration } from '../words/format';
import { KINDS } from '../words/listening';
import { Choice, type Option } from './choice';
import { CustomDays } from './custom_days';
import type { Filters, Kind, Measure } from './filters';
import { rangeName } from './ranges';
import type { Scope } from './scope';
import { TimeZoneField } from './time_zone_field';

const LENGTHS: Option[] = [
  { value: '0', name: 'any length' },
  { value: '10000', name: '10 s or more' },
  { value: '30000', name: '30 s or more' },
  { value: '60000', name: '1 min or more' },
  { value: '120000', name: '2 min or more' },
];
const MEASURES: { value: Measure; name: string }[] = [
  { value: 'plays', name: 'Plays' },
  { value: 'msPlayed', name: 'Time' },
];

/** Each change is a step in the browser's history. */
export function FilterBar({ scope }: { scope: Scope }) {
  const { filters, change, span } = scope;
  const lengths = withChosen(LENGTHS, String(filters.minMs), `${formatDuration(filters.minMs)} or more`);
  return (
    <form id="filters" class="filters" aria-label="What to count" onSubmit={(event) => event.preventDefault()}>
      <Choice
        id="range"
        label="Period"
        value={filters.range}
        options={rangesOf(scope)}
        onChoose={(range) =>
          change(range === 'custom' ? { range, from: span?.first ?? '', to: span?.last ?? '' } : { range })
        }
      />
      {filters.range === 'custom' && <CustomDays scope={scope} />}
      <Choice
        id="kind"
        label="Show"
        value={filters.kind}
        options={Object.entries(KINDS).map(([value, { name }]) => ({ value, name }))}
        onChoose={(kind) => change({ kind: kind as Kind })}
      />
      <Measures filters={filters} choose={(by) => change({ by })} />
      <Choice
        id="min-ms"
        label="Count plays of"
        value={String(filters.minMs)}
        options={lengths}
        onChoose={(minMs) => change({ minMs: Number(minMs) })}
      />
      <TimeZoneField zone={filters.tz} choose={(tz) => change({ tz })} />
    </form>
  );
}

function Measures({ filters, choose }: { filters: Filters; choose: (by: Measure) => void }) {
  const name = useId();
  return (
    <fieldset class="field">
      <legend>Measure</legend>
      <div class="segments">
        {MEASURES.map((measure) => (
          <label key={measure.value}>
            <input
              type="radio"
              name={name}
              value={measure.value}
              checked={filters.by === measure.value}
              onChange={() => choose(measure.value)}
            />
            <span>{measure.name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Words, then years, newest first; a month that was gone into is on offer as long as it is chosen. */
function rangesOf({ filters, all }: Scope): Option[] {
  const words = ['all', 'last-30-days', 'last-12-months', 'this-year'];
  const [first, last] = all ? [all.first, all.last].map((day) => Number(day.slice(0, 4))) : [];
  const years = first && last ? Array.from({ length: last - first + 1 }, (_, index) => String(last - index)) : [];
  const ranges = [...words, ...years].map((range) => ({ value: range, name: rangeName({ ...filters, range }, all) }));
  const custom = { value: 'custom', name: 'From … to …' };
  return withChosen([...ranges, custom], filters.range, rangeName(filters, all));
}

function withChosen(options: Option[], value: string, name: string): Option[] {
  return options.some((option) => option.value === value) ? options : [...options, { value, name }];
}
