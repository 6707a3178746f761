/** Instants as people in one time zone read them. */

import type { Bucket } from '../api/types';
import { type Instant, LOCALE } from '../words/format';
import { addDays } from './days';

type Style = Intl.DateTimeFormatOptions;

const DAY: Style = { day: 'numeric', month: 'short', year: 'numeric' };
const BUCKETS: Record<Bucket, Style> = {
  hour: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  day: { weekday: 'short', ...DAY },
  week: DAY,
  month: { month: 'long', year: 'numeric' },
  year: { year: 'numeric' },
};

/** The calendar of a time zone. Making formats is slow, so each is made once. */
export class Calendar {
  readonly #formats = new Map<string, Intl.DateTimeFormat>();

  constructor(readonly timeZone: string) {}

  /** The day on which it was: "2024-05-31". */
  dayOf(instant: Instant): string {
    return this.#format({ year: 'numeric', month: '2-digit', day: '2-digit' }, 'en-CA').format(new Date(instant));
  }

  /** "3 May 2021". */
  day(instant: Instant): string {
    return this.#format(DAY).format(new Date(instant));
  }

  /** "3 May 2021, 17:05". */
  moment(instant: Instant): string {
    return this.#format(BUCKETS.hour).format(new Date(instant));
  }

  /** The name of a stretch of time that begins at an instant: "March 2021", "Week of 3 May 2021". */
  bucket(instant: Instant, bucket: Bucket): string {
    const name = this.#format(BUCKETS[bucket]).format(new Date(instant));
    return bucket === 'week' ? `Week of ${name}` : name;
  }

  /** Any other style. */
  written(instant: Instant, style: Style): string {
    return this.#format(style).format(new Date(instant));
  }

  #format(style: Style, locale = LOCALE): Intl.DateTimeFormat {
    const key = JSON.stringify(style) + locale;
    const kept = this.#formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...style, timeZone: this.timeZone });
    this.#formats.set(key, kept);
    return kept;
  }
}

/** "3 May 2021" of a day, which is the same everywhere. */
export function dayName(day: string): string {
  return utc.day(`${day}T00:00:00Z`);
}

/** "3 May – 8 June 2021", both days included. */
export function daysName(from: string, to: string): string {
  return from === to ? dayName(from) : `${dayName(from)} – ${dayName(to)}`;
}

/** "May 2021" of "2021-05". */
export function monthName(month: string): string {
  return utc.bucket(`${month}-01T00:00:00Z`, 'month');
}

/** The first day after a bucket that begins on a day. */
export function bucketEnd(day: string, bucket: Bucket): string {
  if (bucket === 'week') return addDays(day, 7);
  if (bucket === 'month')
    return addDays(`${day.slice(0, 7)}-01`, 31)
      .slice(0, 7)
      .concat('-01');
  if (bucket === 'year') return `${Number(day.slice(0, 4)) + 1}-01-01`;
  return addDays(day, 1);
}

const utc = new Calendar('UTC');
