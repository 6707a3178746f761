/** What all cards of the dashboard are told: what to count, and from when to when there is anything. */

import type { Bucket, Query, Timeline } from '../api/types';
import { bucketEnd, type Calendar } from '../charts/calendar';
import { addDays } from '../charts/days';
import { bucketFor, type Filters, parametersOf, periodOf, type Span, shownSpan } from './filters';
import type { Change } from './use_filters';

/** Everything that follows from the filters; made once for each of them. */
export interface Scope {
  filters: Filters;
  change: Change;
  calendar: Calendar;
  today: string;
  /** All of one's time, whatever the period; null as long as it is not known. */
  whole: Timeline | null;
  /** Its first and last day. */
  all: Span | null;
  /** The days that are shown. */
  span: Span | null;
  /** The parameters that the API's numbers share. */
  shared: Query<'/api/listens/clock'>;
  /** Those of timelines. */
  steps: Query<'/api/listens/timeline'>;
}

/** Works it out; the whole timeline may come later, and changes nothing of what is asked for. */
export function scopeOf(filters: Filters, change: Change, calendar: Calendar, whole: Timeline | null): Scope {
  const today = calendar.dayOf(Date.now());
  const all = whole && allOf(whole, calendar);
  const period = periodOf(filters, today);
  const shared = parametersOf(filters, today);
  const bucket: Bucket | undefined = bucketFor(period);
  const steps = bucket ? { ...shared, bucket } : shared;
  return { filters, change, calendar, today, whole, all, span: shownSpan(period, all), shared, steps };
}

/** The parameters of the timeline of all of one's time: those of the dashboard where nothing is left out of it. */
export function wholeOf({ minMs, tz, kind }: Filters): Query<'/api/listens/timeline'> {
  return { minMs, tz, contentType: kind };
}

function allOf({ points, bucket }: Timeline, calendar: Calendar): Span | null {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return null;
  return { first: calendar.dayOf(first.start), last: addDays(bucketEnd(calendar.dayOf(last.start), bucket), -1) };
}
