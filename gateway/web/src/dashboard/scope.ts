/** What all cards of the dashboard are told: what to count, and from when to when there is anything. */

import type { Bucket, Query } from '../api/types';
import { Calendar } from '../charts/calendar';
import { bucketFor, type Filters, parametersOf, periodOf, type Span, shownSpan } from './filters';
import type { Change } from './use_filters';

/** Everything that follows from the filters; made once for each of them. */
export interface Scope {
  filters: Filters;
  change: Change;
  calendar: Calendar;
  today: string;
  /** The first and the last day with plays. */
  all: Span;
  /** The days that are shown. */
  span: Span;
  bucket: Bucket;
  /** The parameters that the API's numbers share. */
  shared: Query<'/api/listens/clock'>;
}

/** Works it out for the filters, given the first and the last play. */
export function scopeOf(filters: Filters, change: Change, first: string, last: string): Scope {
  const calendar = new Calendar(filters.tz);
  const today = calendar.dayOf(Date.now());
  const all = { first: calendar.dayOf(first), last: calendar.dayOf(last) };
  const span = shownSpan(periodOf(filters, today), all);
  return { filters, change, calendar, today, all, span, bucket: bucketFor(span), shared: parametersOf(filters, today) };
}
