/** From values to places on a chart. */

const STEPS = [1, 2, 5, 10];

/** Round numbers from 0 to at least `most`, about `count` of them, whole ones only. */
export function niceTicks(most, count) {
  const rough = Math.max(most, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * STEPS.find((candidate) => candidate * power >= rough));
  const last = Math.ceil(Math.max(most, 1) / step);
  return Array.from({ length: last + 1 }, (_, index) => index * step);
}

/** The plot's area within the drawing; x counts points from the left, y values from the bottom. */
export class Frame {
  /** @param {{width: number, height: number, left: number, count: number, most: number}} size pixels */
  constructor({ width, height, left, count, most }) {
    Object.assign(this, { left, count, most, right: width - 14, top: 14, bottom: height - 28 });
  }

  x(index) {
    if (this.count < 2) return (this.left + this.right) / 2;
    return this.left + (index / (this.count - 1)) * (this.right - this.left);
  }

  y(value) {
    return this.bottom - (value / this.most) * (this.bottom - this.top);
  }

  /** Which point is nearest to a place, in pixels from the left. */
  indexAt(x) {
    const share = (x - this.left) / (this.right - this.left);
    return Math.min(this.count - 1, Math.max(0, Math.round(share * (this.count - 1))));
  }
}
