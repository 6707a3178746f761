/** Weekdays by hours in shades. Arrow keys walk through the cells; to a screen reader it is a slider that reads them out. */

import { useState } from 'preact/hooks';
import { shadeOf } from './scale';

const HOURS = 24;
const SHADES = 6;
const CELL = 26;
const GAP = 3;
const LEFT = 40;
const TOP = 4;

/** One row of cells for each name. */
interface HeatMap {
  label: string;
  rows: readonly string[];
  /** Row by row. */
  values: readonly number[];
  /** What is said of a cell. */
  text: (index: number) => string;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -HOURS, ArrowDown: HOURS };

/** Shows the map, as wide as there is room, and what is in the cell below the pointer. */
export function HeatMap({ label, rows, values, text }: HeatMap) {
  const most = Math.max(0, ...values);
  const [at, setAt] = useState<number | null>(null);
  const peak = values.indexOf(most);
  const shown = at ?? peak;
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = shown + step;
    if (next >= 0 && next < values.length) setAt(next);
  };
  return (
    <div class="heat-map">
      <div
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys walk through the hours.`}
        aria-valuemin={0}
        aria-valuemax={values.length - 1}
        aria-valuenow={Math.max(shown, 0)}
        aria-valuetext={text(Math.max(shown, 0))}
        onKeyDown={press}
        onBlur={() => setAt(null)}
        onPointerLeave={() => setAt(null)}
      >
        <svg viewBox={`0 0 ${LEFT + HOURS * CELL} ${TOP + rows.length * CELL + 20}`} aria-hidden="true">
          {rows.map((name, row) => (
            <text key={name} class="axis-text" x={0} y={TOP + row * CELL + 17}>
              {name}
            </text>
          ))}
          {values.map((value, index) => (
            <rect
              key={index}
              class={index === at ? 'cell chosen' : 'cell'}
              data-shade={shadeOf(value, most, SHADES)}
              x={LEFT + (index % HOURS) * CELL}
              y={TOP + Math.floor(index / HOURS) * CELL}
              width={CELL - GAP}
              height={CELL - GAP}
              rx={5}
              onPointerEnter={() => setAt(index)}
            />
          ))}
          {[0, 6, 12, 18].map((hour) => (
            <text key={hour} class="axis-text" x={LEFT + hour * CELL} y={TOP + rows.length * CELL + 14}>
              {`${String(hour).padStart(2, '0')}:00`}
            </text>
          ))}
        </svg>
      </div>
      <p class="readout" aria-hidden="true">
        {at === null ? <span>Most: {text(Math.max(peak, 0))}</span> : <span>{text(at)}</span>}
      </p>
    </div>
  );
}
