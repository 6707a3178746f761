/** The frame of every chart: what it shows, the table behind it, and both to take along. */

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { ProblemNotice } from '../shell/notice';
import { save, saveCsv } from './save';
import { csvOf, DataTable, type Table } from './table';

interface Card<Row> {
  id: string;
  title: string;
  /** What the numbers are, in a few words. */
  note?: ComponentChildren;
  /** Absent as long as nothing has come. */
  table?: Table<Row> | undefined;
  /** Draws the chart as a picture; absent where there is no picture of it. */
  picture?: (() => Promise<Blob | null>) | undefined;
  /** Older numbers are shown while the newer ones are on their way. */
  stale?: boolean;
  error?: unknown;
  retry?: () => void;
  /** How high the empty card is: what comes must not move what is below. */
  size?: 'small' | 'large';
  children: ComponentChildren;
}

/** Shows the chart, or the place where it will be. */
export function ChartCard<Row>(card: Card<Row>) {
  const [asTable, setAsTable] = useState(false);
  const { id, title, note, table, stale = false, error, size = 'large' } = card;
  const titleId = useId();
  return (
    <section id={id} class={`card chart-card ${size}`} aria-labelledby={titleId} aria-busy={stale || !(table || error)}>
      <div class="card-head">
        <div>
          <h2 id={titleId} class="card-title">
            {title}
          </h2>
          {note && <p class="hint">{note}</p>}
        </div>
        {table && <Tools {...card} table={table} asTable={asTable} turn={() => setAsTable(!asTable)} />}
      </div>
      <ProblemNotice error={error} retry={card.retry} />
      <div class={`chart-body ${stale ? 'stale' : ''}`}>
        {table || error ? card.children : <div class="skeleton" aria-hidden="true" />}
        {table && asTable && <DataTable {...table} label={title} />}
      </div>
    </section>
  );
}

interface ToolsOf<Row> extends Card<Row> {
  table: Table<Row>;
  asTable: boolean;
  turn: () => void;
}

function Tools<Row>({ title, table, picture, asTable, turn }: ToolsOf<Row>) {
  const takePicture = async () => {
    const drawn = await picture?.();
    if (drawn) save(drawn, `${title}.${drawn.type === 'image/svg+xml' ? 'svg' : 'png'}`);
  };
  return (
    <div class="chart-tools">
      <button type="button" class="tool" aria-expanded={asTable} aria-label={`${title} as a table`} onClick={turn}>
        Table
      </button>
      <button
        type="button"
        class="tool"
        aria-label={`Download ${title} as CSV`}
        onClick={() => saveCsv(csvOf(table), `${title}.csv`)}
      >
        CSV
      </button>
      {picture && (
        <button type="button" class="tool" aria-label={`Download ${title} as a picture`} onClick={takePicture}>
          Picture
        </button>
      )}
    </div>
  );
}
