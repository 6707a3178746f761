/** Days of the calendar as texts, "2024-05-31": they sort, compare, and know no time zone. */

const DAY = 86_400_000;

/** So many days later, or earlier. */
export function addDays(day: string, days: number): string {
  return textOf(timeOf(day) + days * DAY);
}

/** How many days lie between: 1 from a day to the next. */
export function daysBetween(from: string, to: string): number {
  return Math.round((timeOf(to) - timeOf(from)) / DAY);
}

/** The same day so many months later; at a month's end, its last day. */
export function addMonths(day: string, months: number): string {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0));
  return textOf(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(date, last.getUTCDate())));
}

/** Whether it is a day that there is. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(timeOf(text)) && textOf(timeOf(text)) === text;
}

function timeOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function textOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
