/** On which days and at which hours one listens. */

import { useMemo } from 'preact/hooks';
import type { Clock, ClockCell } from '../api/types';
import { useAnswer } from '../api/use_answer';
import { ChartCard } from '../charts/chart_card';
import { HeatMap } from '../charts/heat_map';
import { svgOf } from '../charts/svg_picture';
import type { Column } from '../charts/table';
import { colourOf } from '../charts/theme';
import { formatCount, formatDuration, plural } from '../words/format';
import { hourOfWeek, WEEKDAYS } from '../words/listening';
import type { Scope } from './scope';

const SHORT = WEEKDAYS.map((day) => day.slice(0, 3));
const COLUMNS: Column<ClockCell>[] = [
  { head: 'Hour', value: ({ weekday, hour }) => hourOfWeek(weekday * 24 + hour) },
  { head: 'Plays', value: ({ plays }) => plays, text: ({ plays }) => formatCount(plays) },
  { head: 'Milliseconds', value: ({ msPlayed }) => msPlayed, text: ({ msPlayed }) => formatDuration(msPlayed) },
];

/** Shows weekdays by hours on the clocks of the time zone. */
export function ClockCard({ scope }: { scope: Scope }) {
  const { filters, shared } = scope;
  const asked = useAnswer('/api/listens/clock', { query: shared });
  const cells = asked.value?.cells;
  const table = useMemo(() => cells && { columns: COLUMNS, rows: cells }, [cells]);
  return (
    <ChartCard
      {...asked}
      id="clock-card"
      title="Days and hours"
      note={`${filters.by === 'plays' ? 'Plays' : 'Time'} by weekday and hour, in ${filters.tz.replaceAll('_', ' ')}`}
      table={table}
      picture={async () => svgOf(document.getElementById('clock'), colourOf('surface'))}
    >
      {cells && (
        <div id="clock">
          <HeatMap
            label="Days and hours"
            rows={SHORT}
            values={cells.map((cell) => cell[filters.by])}
            text={(index) => cellText(cells, index)}
          />
        </div>
      )}
    </ChartCard>
  );
}

function cellText(cells: Clock['cells'], index: number): string {
  const cell = cells[index];
  if (!cell) return '';
  return `${hourOfWeek(index)}: ${plural(cell.plays, 'play')}, ${formatDuration(cell.msPlayed)}`;
}
