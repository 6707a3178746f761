/** Stretches without a single play, long enough that a file may be missing. */

import { formatDay } from '../words/format';

const DAY = 86_400_000;
const LEAST_DAYS = 31;

/** One day of a timeline: its beginning, and how many plays it has. */
export interface DayOfPlays {
  start: string;
  plays: number;
}

/** A stretch from the first day without a play to the last. */
export interface Gap {
  from: Date;
  to: Date;
}

/** Finds them between the first and the last play, in their order. Days without plays may be there or not. */
export function gapsIn(days: DayOfPlays[], leastDays = LEAST_DAYS): Gap[] {
  const played = days.filter(({ plays }) => plays > 0).map(({ start }) => new Date(start));
  return played.flatMap((day, index) => {
    const before = played[index - 1];
    if (!before) return [];
    // Rounded: a day in which clocks change has 23 or 25 hours.
    const empty = Math.round((day.getTime() - before.getTime()) / DAY) - 1;
    return empty > leastDays ? [{ from: shifted(before, 1), to: shifted(day, -1) }] : [];
  });
}

/** "2022 is missing: a file may be", or which months. */
export function gapSentence({ from, to }: Gap): string {
  const year = wholeYear(from, to);
  if (year) return `${year} is missing: a file may be.`;
  return `Nothing from ${formatDay(from)} to ${formatDay(to)}: a file may be missing.`;
}

/** The year or years that the gap covers, but for some days at either end. */
function wholeYear(from: Date, to: Date): string | null {
  const first = shifted(from, -15).getFullYear() + 1;
  const last = shifted(to, 15).getFullYear() - 1;
  const exact =
    Math.abs(from.getTime() - new Date(first, 0, 1).getTime()) <= 31 * DAY &&
    Math.abs(to.getTime() - new Date(last, 11, 31).getTime()) <= 31 * DAY;
  if (!exact || first > last) return null;
  return first === last ? String(first) : `${first} to ${last}`;
}

function shifted(day: Date, days: number): Date {
  const moved = new Date(day);
  moved.setDate(moved.getDate() + days);
  return moved;
}
