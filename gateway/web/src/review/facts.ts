/** What is said of a year, in words: on the page, in the picture, and to those who see neither. */

import { dayName, daysName } from '../charts/calendar';
import { formatCount, formatDuration, plural, shorten } from '../words/format';
import { hourOfWeek } from '../words/listening';
import type { Review } from './review';

/** A number with its name, and what there is to add. */
export interface Fact {
  name: string;
  value: string;
  more: string;
}

/** The facts of a year, the most telling first; those of which there is nothing are left out. */
export function factsOf(review: Review): Fact[] {
  const { streak, busiestDay, peakHour } = review;
  const facts: (Fact | null)[] = [
    { name: 'New artists', value: formatCount(review.newArtists), more: `${plural(review.newTracks, 'new track')}` },
    streak && { name: 'Longest streak', value: plural(streak.days, 'day'), more: daysName(streak.from, streak.to) },
    busiestDay && { name: 'Busiest day', value: shortDay(busiestDay.day), more: formatDuration(busiestDay.msPlayed) },
    peakHour === null ? null : { name: 'Favourite hour', value: hourName(peakHour), more: hourOfWeek(peakHour) },
    { name: 'Longest session', value: formatDuration(review.longestSessionMs), more: 'with hardly any silence' },
    {
      name: 'Days with plays',
      value: formatCount(review.daysWithPlays),
      more: `of ${formatCount(review.days.length)}`,
    },
  ];
  return facts.filter((fact) => fact !== null);
}

/** The whole picture as sentences. */
export function textOf(review: Review): string {
  const list = (items: Review['topArtists']) =>
    items.slice(0, 5).map(({ name }, index) => `${index + 1}. ${shorten(name, 80)}`);
  const facts = factsOf(review).map(({ name, value }) => `${name}: ${value}.`);
  return [
    `My year ${review.year}: ${formatCount(review.minutes)} minutes of listening.`,
    `Top artists: ${list(review.topArtists).join(', ') || 'none'}.`,
    `Top tracks: ${list(review.topTracks).join(', ') || 'none'}.`,
    ...facts,
  ].join(' ');
}

/** "23 May". */
function shortDay(day: string): string {
  return dayName(day).replace(/ \d{4}$/, '');
}

/** "Sat 10:00". */
function hourName(hour: number): string {
  const [weekday = '', clock = ''] = hourOfWeek(hour).split(', ');
  return `${weekday.slice(0, 3)} ${clock.slice(0, 5)}`;
}
