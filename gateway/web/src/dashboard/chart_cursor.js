/** The line that walks along a chart, with a small label that says what is there. */

import { svg } from './dom.js';

const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};
const PADDING = 10;
const TIP_HEIGHT = 46;

export class ChartCursor {
  #frame = null;
  #points = [];
  #index = 0;

  /** @param {SVGSVGElement} chart a focusable slider */
  constructor(chart) {
    this.chart = chart;
    this.line = svg('line', { class: 'cursor-line' });
    this.dot = svg('circle', { class: 'cursor-dot', r: 5 });
    this.box = svg('rect', { class: 'tip-box', height: TIP_HEIGHT, rx: 8 });
    this.title = svg('text', { class: 'tip-title', x: PADDING, y: 18 });
    this.text = svg('text', { class: 'tip-text', x: PADDING, y: 36 });
    this.tip = svg('g', { class: 'tip' }, this.box, this.title, this.text);
    this.node = svg('g', { class: 'cursor', visibility: 'hidden' }, this.line, this.dot, this.tip);
    this.#listen();
  }

  /** After each drawing: the chart has been emptied and may have other points now. */
  attach(frame, points) {
    if (points !== this.#points) this.#index = points.length - 1;
    this.#frame = frame;
    this.#points = points;
    this.chart.append(this.node);
    this.chart.setAttribute('aria-valuemin', 0);
    this.chart.setAttribute('aria-valuemax', points.length - 1);
    this.#moveTo(this.#index);
  }

  #listen() {
    this.chart.addEventListener('pointermove', (event) => this.#point(event));
    this.chart.addEventListener('pointerdown', (event) => this.#point(event));
    this.chart.addEventListener('pointerleave', () => this.#reveal(this.chart.matches(':focus-visible')));
    this.chart.addEventListener('focus', () => this.#reveal(true));
    this.chart.addEventListener('blur', () => this.#reveal(false));
    this.chart.addEventListener('keydown', (event) => this.#step(event));
  }

  #point(event) {
    if (!this.#frame) return;
    this.#moveTo(this.#frame.indexAt(event.clientX - this.chart.getBoundingClientRect().left));
    this.#reveal(true);
  }

  #step(event) {
    if (!(event.key in STEPS) || !this.#frame) return;
    event.preventDefault();
    this.#moveTo(this.#index + STEPS[event.key]);
    this.#reveal(true);
  }

  #reveal(visible) {
    this.node.setAttribute('visibility', visible ? 'visible' : 'hidden');
  }

  #moveTo(index) {
    this.#index = Math.min(this.#points.length - 1, Math.max(0, index));
    const { title, text, value } = this.#points[this.#index];
    const [x, y] = [this.#frame.x(this.#index), this.#frame.y(value)];
    set(this.line, { x1: x, x2: x, y1: this.#frame.top, y2: this.#frame.bottom });
    set(this.dot, { cx: x, cy: y });
    this.title.textContent = title;
    this.text.textContent = text;
    this.#placeTip(x);
    set(this.chart, { 'aria-valuenow': this.#index, 'aria-valuetext': `${title}: ${text}` });
  }

  /** Beside the line, on the side where there is room. */
  #placeTip(x) {
    const width = 2 * PADDING + Math.max(this.title.getComputedTextLength(), this.text.getComputedTextLength());
    const right = x + 12 + width <= this.#frame.right;
    set(this.box, { width });
    set(this.tip, { transform: `translate(${Math.max(2, right ? x + 12 : x - 12 - width)} ${this.#frame.top})` });
  }
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}
