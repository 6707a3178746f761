/** All of one's time as a thin strip, with the period that is shown: drag over it to choose another. */

import { useEffect, useMemo, useRef } from 'preact/hooks';
import { bucketEnd } from '../charts/calendar';
import { addDays, daysBetween } from '../charts/days';
import { rangeOf } from './ranges';
import type { Scope } from './scope';

const WIDTH = 1000;
const HEIGHT = 44;

/** For the pointer alone; the keyboard has the buttons and the fields of the filters. */
export function TimeStrip({ scope }: { scope: Scope }) {
  const { filters, whole, calendar } = scope;
  const outline = useMemo(
    () => whole && outlineOf(whole.points.map((point) => point[filters.by])),
    [whole, filters.by],
  );
  const brush = useBrush(scope, (first, last) => {
    const points = whole?.points ?? [];
    const count = points.length;
    const at = (share: number) => points[Math.min(count - 1, Math.floor(share * count))];
    const [from, to] = [at(first), at(last)];
    if (!from || !to) return null;
    return rangeOf(
      calendar.dayOf(from.start),
      addDays(bucketEnd(calendar.dayOf(to.start), whole?.bucket ?? 'day'), -1),
    );
  });
  const [left, right] = shownPart(scope);
  return (
    <svg
      ref={brush}
      class="time-strip"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {outline && <path class="strip-fill" d={outline} />}
      <rect class="strip-shade" x={0} width={left} height={HEIGHT} />
      <rect class="strip-shade" x={right} width={Math.max(0, WIDTH - right)} height={HEIGHT} />
      <rect class="strip-window" x={left} y={0.5} width={Math.max(3, right - left)} height={HEIGHT - 1} />
    </svg>
  );
}

/** From where to where in the strip the period lies. */
function shownPart({ all, span }: Scope): [number, number] {
  if (!all || !span) return [0, WIDTH];
  const days = daysBetween(all.first, all.last) + 1;
  const place = (day: string) => Math.min(1, Math.max(0, daysBetween(all.first, day) / days)) * WIDTH;
  return [place(span.first), place(addDays(span.last, 1))];
}

/** The area below the values, as a path. */
function outlineOf(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  const steps = values.map((value, index) => `L${(index * step).toFixed(1)},${y(value, most)}h${step.toFixed(1)}`);
  return `M0,${HEIGHT}${steps.join('')}V${HEIGHT}Z`;
}

function y(value: number, most: number): string {
  return (HEIGHT - 3 - (value / most) * (HEIGHT - 8)).toFixed(1);
}

type Stretch = (first: number, last: number) => ReturnType<typeof rangeOf> | null;

/** Follows a drag over the strip; the stretch is in parts of its width. */
function useBrush({ change }: Scope, stretch: Stretch) {
  const strip = useRef<SVGSVGElement>(null);
  const current = useRef(stretch);
  current.current = stretch;
  useEffect(() => {
    const element = strip.current;
    if (!element) return;
    let from: number | null = null;
    const share = (event: PointerEvent) => {
      const { left, width } = element.getBoundingClientRect();
      return Math.min(0.9999, Math.max(0, (event.clientX - left) / width));
    };
    const begin = (event: PointerEvent) => {
      from = share(event);
      element.setPointerCapture(event.pointerId);
    };
    const end = (event: PointerEvent) => {
      if (from === null) return;
      const [first, last] = [from, share(event)].sort((one, other) => one - other) as [number, number];
      from = null;
      const range = current.current(first, last);
      if (range) change(range);
    };
    element.addEventListener('pointerdown', begin);
    element.addEventListener('pointerup', end);
    return () => {
      element.removeEventListener('pointerdown', begin);
      element.removeEventListener('pointerup', end);
    };
  }, [change]);
  return strip;
}
