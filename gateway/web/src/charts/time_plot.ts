/** How a chart over time is drawn by uPlot: axes, lines or columns, colours, and dragging over a stretch of it. */

import uPlot from 'uplot';
import { LOCALE } from '../words/format';
import { type ColourOf, colourOf } from './theme';
import { bucketAt } from './time_buckets';

/** One line or set of columns; `colour` is a token. */
export interface Series {
  label: string;
  values: number[];
  colour: string;
}

/** What is drawn. `starts` are the beginnings of buckets, in milliseconds, in order. */
export interface TimeData {
  starts: number[];
  series: Series[];
  timeZone: string;
}

/** Where it is drawn, and who hears of it: of places in `starts`, null for none. */
export interface Wishes {
  width: number;
  height: number;
  onPoint: (index: number | null) => void;
  /** A stretch was selected, from the bucket of one place to that of another, both included. */
  onSelect: (first: number, last: number) => void;
}

const SECOND = 1000;
// Half a play is nothing.
const WHOLE = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((power) => step * 10 ** power))
  .sort((one, other) => one - other);
const MOST_COLUMNS = 62;
const FONT = '12px system-ui, sans-serif';
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });

/** Draws the chart into `place`; the caller destroys it. */
export function timePlot(place: HTMLElement, data: TimeData, wishes: Wishes): uPlot {
  const columns = data.starts.length <= MOST_COLUMNS;
  return new uPlot(options(data, wishes, columns), dataOf(data), place);
}

function dataOf({ starts, series }: TimeData): uPlot.AlignedData {
  return [starts.map((start) => start / SECOND), ...series.map(({ values }) => values)];
}

function options(data: TimeData, wishes: Wishes, columns: boolean): uPlot.Options {
  const { width, height, onPoint, onSelect } = wishes;
  return {
    width,
    height,
    tzDate: (second) => uPlot.tzDate(new Date(second * SECOND), data.timeZone),
    legend: { show: false },
    padding: [12, 12, 0, 0],
    cursor: {
      y: false,
      points: { size: 9, width: 2, stroke: () => colourOf('surface'), fill: (_, place) => seriesColour(data, place) },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { range: (_, low, high) => xRange(data, low, high, columns) },
      y: { range: (_, __, high) => [0, Math.max(1, high * 1.08)] },
    },
    axes: axes(colourOf),
    series: [{}, ...data.series.map((_, place) => seriesOptions(data, place + 1, columns))],
    hooks: {
      setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
      setSelect: [(plot) => selected(plot, data, onSelect)],
    },
  };
}

/** Columns need room for half of one at both ends; a single point a day on both sides. */
function xRange({ starts }: TimeData, low: number, high: number, columns: boolean): [number, number] {
  if (low === high) return [low - 86_400, high + 86_400];
  const half = columns ? (high - low) / Math.max(1, starts.length - 1) / 2 : 0;
  return [low - half, high + half];
}

function axes(colour: ColourOf): uPlot.Axis[] {
  const shared = { stroke: () => colour('muted'), font: FONT, ticks: { show: false } };
  const grid = { stroke: () => colour('line'), width: 1 };
  return [
    { ...shared, grid: { show: false }, space: 64, values: TIME_VALUES },
    {
      ...shared,
      grid,
      size: 46,
      space: 48,
      incrs: WHOLE,
      values: (_, ticks) => ticks.map((tick) => compact.format(tick)),
    },
  ];
}

// For each step in seconds how its labels read, and what is added where a larger unit begins: [step, usual, year, …].
const TIME_VALUES: uPlot.Axis.Values = [
  [86_400 * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [86_400 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3_600, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
];

function seriesOptions(data: TimeData, place: number, columns: boolean): uPlot.Series {
  const colour = seriesColour(data, place);
  const bars = columns && data.series.length === 1;
  const paths = bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.72, 48], radius: 0.25 }) } : {};
  return {
    label: data.series[place - 1]?.label ?? '',
    stroke: colour,
    width: bars ? 0 : 2,
    fill: bars ? colour : `color-mix(in srgb, ${colour} 16%, transparent)`,
    points: { show: !bars && data.starts.length < 3, size: 8 },
    ...paths,
  };
}

function seriesColour(data: TimeData, place: number): string {
  return colourOf(data.series[place - 1]?.colour ?? 'series-1');
}

/** A stretch narrower than a few pixels was a click. */
function selected(plot: uPlot, data: TimeData, onSelect: Wishes['onSelect']): void {
  const { left, width } = plot.select;
  if (width < 6) return;
  const [first, last] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onSelect(bucketAt(data.starts, first * SECOND), bucketAt(data.starts, last * SECOND));
}
