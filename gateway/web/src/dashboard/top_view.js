/** A ranking with a bar for each name. The list is the chart's text: nothing is told by length alone. */

import { formatDuration, plural } from '../words/format';
import { element, nameNode, svg } from './dom.js';

/**
 * @param {HTMLOListElement} list
 * @param {{name: string, artistName: string, plays: number, msPlayed: number}[]} items in their order
 * @param {'plays'|'msPlayed'} by what the bars are long for
 */
export function showTop(list, items, by) {
  const most = Math.max(1, ...items.map((item) => item[by]));
  const bars = items.map((item) => barNode(item, by, most));
  const none = element('li', { class: 'hint' }, 'Nothing here in this period.');
  list.replaceChildren(...(bars.length ? bars : [none]));
}

function barNode(item, by, most) {
  const [plays, time] = [plural(item.plays, 'play'), formatDuration(item.msPlayed)];
  const [value, other] = by === 'plays' ? [plays, time] : [time, plays];
  const names = element('span', { class: 'bar-names' }, nameNode('span', 'name', item.name));
  if (item.artistName) names.append(nameNode('span', 'name by', item.artistName));
  const values = element(
    'span',
    { class: 'bar-values' },
    element('data', { class: 'bar-value', value: item[by] }, value),
    element('span', { class: 'by' }, other),
  );
  return element('li', { class: 'bar' }, names, values, track(item[by] / most));
}

function track(share) {
  const fill = svg('rect', { class: 'bar-fill', width: `${Math.max(0.5, 100 * share)}%`, height: '6', rx: '3' });
  return svg(
    'svg',
    { class: 'bar-track', width: '100%', height: '6', 'aria-hidden': 'true' },
    svg('rect', { class: 'bar-ground', width: '100%', height: '6', rx: '3' }),
    fill,
  );
}
