/** The numbers behind a chart: as a table on the page, and as CSV. */

import type { ComponentChildren } from 'preact';
import { Name } from '../shell/name';
import { toCsv } from './csv';

/** `text` is for people, `value` for machines; names are anybody's, in any script. */
export interface Column<Row> {
  head: string;
  value: (row: Row) => string | number;
  text?: (row: Row) => string;
  isName?: boolean;
}

/** What stands behind a chart. */
export interface Table<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}

/** The whole table as CSV. */
export function csvOf<Row>({ columns, rows }: Table<Row>): string {
  const head = columns.map((column) => column.head);
  return toCsv(
    head,
    rows.map((row) => columns.map((column) => column.value(row))),
  );
}

/** The table itself; its first column heads the rows. */
export function DataTable<Row>({ columns, rows, label }: Table<Row> & { label: string }) {
  return (
    <section class="table-scroll" tabIndex={0} aria-label={`${label}, as a table`}>
      <table>
        <thead>
          <tr>
            {columns.map(({ head }) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map((column, place) =>
                place === 0 ? (
                  <th key={column.head} scope="row">
                    <Cell column={column} row={row} />
                  </th>
                ) : (
                  <td key={column.head} class={column.isName ? 'of-names' : undefined}>
                    <Cell column={column} row={row} />
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }): ComponentChildren {
  const value = column.value(row);
  const text = column.text?.(row) ?? String(value);
  if (column.isName) return <Name>{text}</Name>;
  return typeof value === 'number' ? <data value={value}>{text}</data> : text;
}
