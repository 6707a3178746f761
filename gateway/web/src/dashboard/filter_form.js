/** The form above the dashboard: shows filters, and tells when a person has changed them. */

import { formatDuration } from '../words/format';
import { byId, element, show } from './dom.js';
import { dayOf } from './filters.js';

const form = byId('filters');

export class FilterForm {
  /**
   * @param {{firstPlayedAt: string, lastPlayedAt: string}} allTime which years there are to choose from
   * @param {(filters: object) => void} onChange
   */
  constructor(allTime, onChange) {
    this.allTime = allTime;
    offerYears(allTime);
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', (event) => this.#changed(event.target, onChange));
    show(form);
  }

  show({ range, from, to, by, minMs }) {
    offer(byId('range'), range, byId('years'), range);
    offer(byId('min-ms'), String(minMs), byId('min-ms'), `${formatDuration(minMs)} or more`);
    form.elements.by.value = by;
    form.elements.from.value = from;
    form.elements.to.value = to;
    this.#bound(range === 'custom');
  }

  #changed(field, onChange) {
    if (field.name === 'range' && field.value === 'custom') this.#prefill();
    this.#bound(form.elements.range.value === 'custom');
    if (form.reportValidity()) onChange(this.#read());
  }

  #read() {
    const { range, from, to, by, minMs } = form.elements;
    return { range: range.value, from: from.value, to: to.value, by: by.value, minMs: Number(minMs.value) };
  }

  #prefill() {
    const { from, to } = form.elements;
    from.value ||= dayOf(this.allTime.firstPlayedAt);
    to.value ||= dayOf(this.allTime.lastPlayedAt);
  }

  /** Days count only in a custom range; outside one they must not keep the form from being valid. */
  #bound(custom) {
    const { from, to } = form.elements;
    show(byId('custom-range'), custom);
    const wrong = custom && from.value && to.value && from.value > to.value;
    to.setCustomValidity(wrong ? 'The last day comes before the first.' : '');
  }
}

function offerYears({ firstPlayedAt, lastPlayedAt }) {
  const first = new Date(firstPlayedAt).getFullYear();
  for (let year = new Date(lastPlayedAt).getFullYear(); year >= first; year -= 1) {
    byId('years').append(element('option', { value: year }, String(year)));
  }
}

/** Chooses an option, and adds it first where an address asks for one that is not on offer. */
function offer(select, value, parent, label) {
  if (![...select.options].some((option) => option.value === value)) {
    parent.append(element('option', { value }, label));
  }
  select.value = value;
}
