/** Going from one range to another: earlier, later, nearer, farther, and into what was selected. */

import { daysName, monthName } from '../charts/calendar';
import { addDays, addMonths, daysBetween } from '../charts/days';
import { type Filters, type Period, periodOf, type Span, shownSpan } from './filters';

/** The part of the filters that says from when to when. */
export type Range = Pick<Filters, 'range' | 'from' | 'to'>;

const WORDS: Record<string, string> = {
  all: 'All of it',
  'this-year': 'This year',
  'last-12-months': 'Last 12 months',
  'last-30-days': 'Last 30 days',
};

/** What a range is called. */
export function rangeName(filters: Filters, all: Span | null): string {
  const { range } = filters;
  if (range === 'custom') {
    const span = shownSpan(periodOf(filters, ''), all);
    return span ? daysName(span.first, span.last) : 'From … to …';
  }
  return WORDS[range] ?? (range.length === 4 ? range : monthName(range));
}

/** The range of these days, both included: a year or a month by its name where it is just that. */
export function rangeOf(first: string, last: string): Range {
  const end = addDays(last, 1);
  const month = first.slice(0, 7);
  if (first.endsWith('-01') && end === addMonths(first, 1)) return { range: month, from: '', to: '' };
  if (first.endsWith('-01-01') && end === addMonths(first, 12)) return { range: first.slice(0, 4), from: '', to: '' };
  return { range: 'custom', from: first, to: last };
}

/** As long a range before (-1) or after (1), null where there is nothing. */
export function stepped(filters: Filters, direction: -1 | 1, today: string, all: Span | null): Range | null {
  const period = periodOf(filters, today);
  const span = shownSpan(period, all);
  if (!span || !all) return null;
  const next = neighbour(period, span.first, span.last, direction);
  return next.last < all.first || next.first > all.last ? null : rangeOf(next.first, next.last);
}

function neighbour({ from, to }: Period, first: string, last: string, direction: -1 | 1): Span {
  const months = from && to ? wholeMonths(from, to) : 0;
  if (months && from && to) {
    return { first: addMonths(from, direction * months), last: addDays(addMonths(to, direction * months), -1) };
  }
  const days = direction * (daysBetween(first, last) + 1);
  return { first: addDays(first, days), last: addDays(last, days) };
}

/** 12 of a year, 1 of a month, 0 of what is neither. */
function wholeMonths(from: string, to: string): number {
  return [1, 12].find((months) => from.endsWith('-01') && addMonths(from, months) === to) ?? 0;
}

/** Half the range around its middle, null where there would be less than two days. */
export function zoomedIn(filters: Filters, today: string, all: Span | null): Range | null {
  const span = shownSpan(periodOf(filters, today), all);
  if (!span) return null;
  const { first, last } = span;
  const days = daysBetween(first, last) + 1;
  if (days < 4) return null;
  return rangeOf(addDays(first, Math.floor(days / 4)), addDays(last, -Math.floor(days / 4)));
}

/** A day's month, a month's year, of everything else twice as much; all where that is all, null where it is all already. */
export function zoomedOut(filters: Filters, today: string, all: Span | null): Range | null {
  const { range } = filters;
  const span = shownSpan(periodOf(filters, today), all);
  if (range === 'all' || !span || !all) return null;
  if (/^\d{4}-\d{2}$/.test(range)) return { range: range.slice(0, 4), from: '', to: '' };
  const { first, last } = span;
  if (first === last) return { range: first.slice(0, 7), from: '', to: '' };
  const more = Math.max(1, Math.floor((daysBetween(first, last) + 1) / 2));
  const [from, to] = [addDays(first, -more), addDays(last, more)];
  return from <= all.first && to >= all.last ? { range: 'all', from: '', to: '' } : rangeOf(from, to);
}
