/** What the dashboard counts: read from and written to the address, and turned into the API's parameters. */

import { timeZone } from '../words/format';

const DAY = 86_400_000;
const DEFAULTS = { range: 'all', from: '', to: '', by: 'plays', minMs: 30_000 };
const RANGE = /^(all|this-year|last-12-months|custom|\d{4})$/;
const STEPS = [
  [2, 'hour'],
  [100, 'day'],
  [3 * 366, 'week'],
  [30 * 366, 'month'],
  [Infinity, 'year'],
];
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * @param {string} search the query of an address; what is not understood there is left at its default
 * @returns {{range: string, from: string, to: string, by: 'plays'|'msPlayed', minMs: number}}
 *   range is one of the words above or a year; from and to are days, both included, and count only in a custom range
 */
export function readFilters(search) {
  const query = new URLSearchParams(search);
  const minMs = query.get('minMs');
  return {
    range: matching(RANGE, query.get('range'), DEFAULTS.range),
    from: matching(DATE, query.get('from'), ''),
    to: matching(DATE, query.get('to'), ''),
    by: matching(/^(plays|msPlayed)$/, query.get('by'), DEFAULTS.by),
    minMs: /^\d{1,8}$/.test(minMs ?? '') ? Number(minMs) : DEFAULTS.minMs,
  };
}

/** @returns {string} "" or a query with its question mark; defaults are left out, so that addresses stay short */
export function writeFilters(filters) {
  const told = Object.entries(filters).filter(
    ([name, value]) => value !== DEFAULTS[name] && (filters.range === 'custom' || !(name === 'from' || name === 'to')),
  );
  return told.length ? `?${new URLSearchParams(told)}` : '';
}

/**
 * @returns {{from: Date|null, to: Date|null}} from is included, to is not; null is open. Days begin at local midnight.
 */
export function periodOf({ range, from, to }, now = new Date()) {
  const year = now.getFullYear();
  if (range === 'custom') return { from: from ? midnight(from) : null, to: to ? midnight(to, 1) : null };
  if (range === 'this-year') return { from: new Date(year, 0, 1), to: null };
  if (range === 'last-12-months') return { from: new Date(year - 1, now.getMonth(), now.getDate() + 1), to: null };
  if (range === 'all') return { from: null, to: null };
  return { from: new Date(Number(range), 0, 1), to: new Date(Number(range) + 1, 0, 1) };
}

/** @returns {object} the parameters that every number of the dashboard shares */
export function parametersOf(filters) {
  const { from, to } = periodOf(filters);
  return { from: from?.toISOString(), to: to?.toISOString(), minMs: filters.minMs, tz: timeZone() };
}

/** The timeline's step: fine enough for a shape, coarse enough for the eye. */
export function bucketFor(filters, { firstPlayedAt, lastPlayedAt }) {
  const { from, to } = periodOf(filters);
  const days = ((to ?? new Date(lastPlayedAt)) - (from ?? new Date(firstPlayedAt))) / DAY;
  return STEPS.find(([most]) => days <= most)[1];
}

/** A local date as `<input type="date">` writes it. */
export function dayOf(instant) {
  const date = new Date(instant);
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${date.getFullYear()}-${month}-${day}`;
}

function midnight(day, later = 0) {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later);
}

function matching(pattern, text, otherwise) {
  return pattern.test(text ?? '') ? text : otherwise;
}
