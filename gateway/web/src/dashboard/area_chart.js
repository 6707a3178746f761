/**
 * An area chart over time in SVG, drawn at its real width so that its text keeps its size. A pointer or the arrow keys
 * walk along its points; to a screen reader it is a slider that reads each one out.
 */

import { formatCount } from '../words/format';
import { ChartCursor } from './chart_cursor.js';
import { svg } from './dom.js';
import { Frame, niceTicks } from './scale.js';
import { timeTicks } from './time_axis.js';

const HEIGHT = 260;
const TICKS = 4;

export class AreaChart {
  #points = [];
  #bucket = 'day';

  /** @param {HTMLElement} container its width is the chart's */
  constructor(container, label) {
    this.container = container;
    this.svg = svg('svg', { class: 'area-svg', height: HEIGHT, role: 'slider', tabindex: '0', 'aria-label': label });
    this.cursor = new ChartCursor(this.svg);
    container.append(this.svg);
    new ResizeObserver(() => this.#draw()).observe(container);
  }

  /** @param {{start: Date, value: number, title: string, text: string}[]} points in time's order, at least one */
  show(points, bucket) {
    this.#points = points;
    this.#bucket = bucket;
    this.#draw();
  }

  #draw() {
    const width = this.container.clientWidth;
    if (!width || !this.#points.length) return;
    const ticks = niceTicks(Math.max(...this.#points.map((point) => point.value)), TICKS);
    const left = 12 + 7.5 * formatCount(ticks.at(-1)).length;
    const frame = new Frame({ width, height: HEIGHT, left, count: this.#points.length, most: ticks.at(-1) });
    this.svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.svg.setAttribute('width', width);
    const axes = [grid(frame, ticks), timeAxis(frame, this.#points, this.#bucket)];
    this.svg.replaceChildren(...axes, ...shape(frame, this.#points));
    this.cursor.attach(frame, this.#points);
  }
}

function grid(frame, ticks) {
  return svg('g', {}, ...ticks.flatMap((tick) => gridLine(frame, frame.y(tick), formatCount(tick))));
}

function gridLine(frame, y, label) {
  return [
    svg('line', { class: 'grid-line', x1: frame.left, x2: frame.right, y1: y, y2: y }),
    svg('text', { class: 'axis-text', x: frame.left - 8, y: y + 4, 'text-anchor': 'end' }, label),
  ];
}

function timeAxis(frame, points, bucket) {
  const ticks = timeTicks(
    points.map((point) => point.start),
    bucket,
    frame.right - frame.left,
  );
  return svg('g', {}, ...ticks.map(({ index, label }) => tickText(frame, index, label)));
}

/** Labels at the very edges are turned inwards, so that nothing is cut off. */
function tickText(frame, index, label) {
  const x = frame.x(index);
  const atEdge = x > frame.right - 20 ? 'end' : 'middle';
  return svg('text', { class: 'axis-text', x, y: frame.bottom + 20, 'text-anchor': atEdge }, label);
}

function shape(frame, points) {
  const corners = points.map(({ value }, index) => `${frame.x(index).toFixed(1)},${frame.y(value).toFixed(1)}`);
  const line = `M${corners.join('L')}`;
  const area = `${line}L${frame.x(points.length - 1)},${frame.bottom}L${frame.x(0)},${frame.bottom}Z`;
  const nodes = [svg('path', { class: 'area-fill', d: area }), svg('path', { class: 'area-line', d: line })];
  // A single point has neither a line nor an area.
  const dot = { class: 'cursor-dot', cx: frame.x(0), cy: frame.y(points[0].value), r: 5 };
  return points.length === 1 ? [...nodes, svg('circle', dot)] : nodes;
}
