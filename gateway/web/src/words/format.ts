/** Numbers, durations, times and names as a person reads them. Times are the browser's own time zone. */

// The page speaks English, so its numbers do too.
export const LOCALE = 'en-GB';
const HOUR = 3_600_000;
const LONGEST_NAME = 200;
const INVISIBLE = /[\s\p{C}\p{Z}]/gu;

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const month = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric' });
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });
const bucketNames: Record<string, Intl.DateTimeFormat> = {
  hour: moment,
  day: new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
  week: day,
  month,
  year: new Intl.DateTimeFormat(LOCALE, { year: 'numeric' }),
};

/** What Date can read. */
export type Instant = string | number | Date;

/** The browser's time zone by its IANA name. */
export const timeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
/** "12,345". */
export const formatCount = (count: number): string => whole.format(count);
/** One decimal below ten, none above. */
export const formatDecimal = (number: number): string => (number < 10 ? decimal : whole).format(number);
/** "3 May 2021". */
export const formatDay = (instant: Instant): string => day.format(new Date(instant));
/** "May 2021". */
export const formatMonth = (instant: Instant): string => month.format(new Date(instant));
/** "3 May 2021, 17:05". */
export const formatMoment = (instant: Instant): string => moment.format(new Date(instant));

/** The name of a stretch of time that begins at `instant`: "March 2021", "Week of 3 May 2021". */
export function formatBucket(instant: Instant, bucket: string): string {
  const name = (bucketNames[bucket] ?? day).format(new Date(instant));
  return bucket === 'week' ? `Week of ${name}` : name;
}

/** "1 file", "1,200 files". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "3.4 MiB". */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  const step = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${formatDecimal(bytes / 1024 ** step)} ${units[step]}`;
}

/** "1,284 h", "2 h 5 min", "45 min", "38 s". */
export function formatDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (ms >= 100 * HOUR) return `${formatCount(Math.round(ms / HOUR))} h`;
  if (ms >= HOUR) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
  return minutes > 0 ? `${minutes} min` : `${Math.round(ms / 1000)} s`;
}

/** Cuts a very long name at a whole character, and names one that shows nothing. */
export function shorten(name: unknown, limit = LONGEST_NAME): string {
  const text = String(name ?? '');
  if (!text.replace(INVISIBLE, '')) return '(no name)';
  if (text.length <= limit) return text;
  return `${Array.from(text.slice(0, 2 * limit))
    .slice(0, limit)
    .join('')}…`;
}
