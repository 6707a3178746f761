/** A small line of the last five minutes, with its newest value; what it shows is also said in words. */

import { linePath } from './rate_history';

interface Props {
  label: string;
  points: readonly { at: number; value: number }[];
  format: (value: number) => string;
  tone: 'done' | 'waiting';
}

const WIDTH = 160;
const HEIGHT = 34;
const FRAME = `0 -3 ${WIDTH} ${HEIGHT + 6}`;

/** Shows it. */
export function Sparkline({ label, points, format, tone }: Props) {
  const values = points.map((point) => point.value);
  const newest = format(values.at(-1) ?? 0);
  const most = format(Math.max(0, ...values));
  return (
    <figure class="spark" data-tone={tone}>
      <figcaption>
        <span class="spark-label">{label}</span>
        <strong class="numbers">{newest}</strong>
      </figcaption>
      <svg
        viewBox={FRAME}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Last five minutes: at most ${most}, now ${newest}`}
      >
        <path class="spark-ground" d={`M0 ${HEIGHT}H${WIDTH}`} />
        <path class="spark-line" d={linePath(points, WIDTH, HEIGHT)} />
      </svg>
    </figure>
  );
}
