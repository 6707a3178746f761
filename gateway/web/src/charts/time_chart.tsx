/**
 * A chart over time that pointer and keyboard walk along: to a screen reader it is a slider that reads each point out.
 * Dragging selects a stretch, Enter or a click a single bucket.
 */

import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { useTheme } from './theme';
import { type TimeData, timePlot } from './time_plot';

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};

interface Chart {
  label: string;
  data: TimeData;
  /** What is said of a point. */
  title: (index: number) => string;
  text: (index: number) => string;
  height?: number;
  /** Given the first and the last bucket of what was selected; absent where there is nothing to select. */
  onSelect?: ((first: number, last: number) => void) | undefined;
}

/** Shows the chart, as wide as there is room, and what is at the point below the pointer. */
export function TimeChart({ label, data, title, text, height = 260, onSelect }: Chart) {
  const place = useRef<HTMLDivElement>(null);
  const [index, setIndex] = useState<number | null>(null);
  const plot = usePlot(place, data, height, setIndex, onSelect);
  const last = data.starts.length - 1;
  const at = Math.min(index ?? last, last);
  const goTo = (wanted: number) => {
    const next = Math.min(last, Math.max(0, wanted));
    plot.current?.setCursor({ left: plot.current.valToPos((data.starts[next] ?? 0) / 1000, 'x'), top: 0 }, false);
    setIndex(next);
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) goTo(at + step);
    else if (event.key === 'Enter' && onSelect) onSelect(at, at);
    else return;
    event.preventDefault();
  };
  return (
    <div class="time-chart">
      <div
        ref={place}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={onSelect ? `${label}. Arrow keys walk along it, Enter goes into what is there.` : label}
        aria-valuemin={0}
        aria-valuemax={Math.max(last, 0)}
        aria-valuenow={Math.max(at, 0)}
        aria-valuetext={at >= 0 ? `${title(at)}: ${text(at)}` : 'Nothing'}
        onKeyDown={press}
        onBlur={() => setIndex(null)}
      />
      <p class="readout" aria-hidden="true">
        {at >= 0 && index !== null ? (
          <>
            <strong>{title(at)}</strong> {text(at)}
          </>
        ) : (
          <span>
            {onSelect ? 'Drag over a stretch to look closer; click for one.' : 'Point at it for its numbers.'}
          </span>
        )}
      </p>
    </div>
  );
}

type Tell = (index: number | null) => void;

function usePlot(
  place: { current: HTMLElement | null },
  data: TimeData,
  height: number,
  tell: Tell,
  onSelect: Chart['onSelect'],
) {
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  // The theme stands among them because the colours are looked up anew when it changes.
  useEffect(() => {
    const element = place.current;
    if (!element || !data.starts.length) return;
    const onClick = () => {
      const index = plot.current?.cursor.idx;
      if (typeof index === 'number' && !dragged) onSelect?.(index, index);
    };
    let dragged = false;
    const select = (first: number, last: number) => {
      dragged = true;
      setTimeout(() => {
        dragged = false;
      });
      onSelect?.(first, last);
    };
    const made = timePlot(element, data, { width: element.clientWidth, height, onPoint: tell, onSelect: select });
    plot.current = made;
    made.over.addEventListener('click', onClick);
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [data, height, theme, onSelect]);
  return plot;
}

/** The drawn chart in a card of the theme's colours, as PNG. */
export async function pictureOf(
  card: HTMLElement | null,
  title: string,
  colour: (name: string) => string,
): Promise<Blob | null> {
  const drawn = card?.querySelector('canvas');
  if (!drawn) return null;
  const scale = drawn.width / drawn.clientWidth;
  const [edge, head] = [24 * scale, 56 * scale];
  const canvas = document.createElement('canvas');
  canvas.width = drawn.width + 2 * edge;
  canvas.height = drawn.height + head + edge;
  const pen = canvas.getContext('2d');
  if (!pen) return null;
  pen.fillStyle = colour('surface');
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = colour('text');
  pen.font = `600 ${17 * scale}px system-ui, sans-serif`;
  pen.fillText(title, edge, 36 * scale);
  pen.drawImage(drawn, edge, head);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}
