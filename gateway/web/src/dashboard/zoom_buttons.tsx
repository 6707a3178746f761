/** What dragging over the timeline does, by buttons. */

import { type Range, stepped, zoomedIn, zoomedOut } from './ranges';
import type { Scope } from './scope';

/** Earlier, later, nearer, farther; what leads nowhere is switched off. */
export function ZoomButtons({ scope }: { scope: Scope }) {
  const { filters, today, all, change } = scope;
  const ways: [string, Range | null][] = [
    ['← Earlier', stepped(filters, -1, today, all)],
    ['Later →', stepped(filters, 1, today, all)],
    ['Zoom in', zoomedIn(filters, today, all)],
    ['Zoom out', zoomedOut(filters, today, all)],
  ];
  return (
    <fieldset class="zoom-buttons">
      <legend class="visually-hidden">Move through time</legend>
      {ways.map(([name, range]) => (
        <button key={name} type="button" class="tool" disabled={!range} onClick={() => range && change(range)}>
          {name}
        </button>
      ))}
    </fieldset>
  );
}
