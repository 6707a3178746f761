/** A year in numbers, out of the API's answers: pure, so that page, picture and text say the same. */

import type { Answer, TopItem } from '../api/types';
import { Calendar } from '../charts/calendar';
import { type Streak, streaksOf } from '../charts/streaks';

/** What the year is made of. */
export interface Answers {
  overview: Answer<'/api/listens/overview'>;
  days: Answer<'/api/listens/timeline'>;
  clock: Answer<'/api/listens/clock'>;
  discoveries: Answer<'/api/listens/discoveries'>;
  sessions: Answer<'/api/listens/sessions'>;
  artists: Answer<'/api/listens/top/{kind}'>;
  tracks: Answer<'/api/listens/top/{kind}'>;
  albums: Answer<'/api/listens/top/{kind}'>;
}

/** One day and what was heard on it. */
export interface Day {
  day: string;
  plays: number;
  msPlayed: number;
}

/** All that is told of a year; what there was none of is null or empty. */
export interface Review {
  year: string;
  minutes: number;
  plays: number;
  artists: number;
  tracks: number;
  newArtists: number;
  newTracks: number;
  topArtists: TopItem[];
  topTracks: TopItem[];
  topAlbums: TopItem[];
  /** Every day of the year, empty ones included. */
  days: Day[];
  daysWithPlays: number;
  busiestDay: Day | null;
  streak: Streak | null;
  /** The hour of the week with most time, counted from Monday's first. */
  peakHour: number | null;
  longestSessionMs: number;
}

/** Adds up a year. */
export function reviewOf(year: string, timeZone: string, answers: Answers): Review {
  const { overview, clock, discoveries, sessions } = answers;
  const days = daysOf(answers.days, new Calendar(timeZone));
  const { daysWithPlays, longest } = streaksOf(days);
  const sum = (name: 'artists' | 'tracks') => discoveries.points.reduce((total, point) => total + point[name], 0);
  return {
    year,
    minutes: Math.round(overview.msPlayed / 60_000),
    plays: overview.plays,
    artists: overview.artists,
    tracks: overview.tracks,
    newArtists: sum('artists'),
    newTracks: sum('tracks'),
    topArtists: answers.artists.items,
    topTracks: answers.tracks.items,
    topAlbums: answers.albums.items,
    days,
    daysWithPlays,
    busiestDay: mostOf(days, (day) => day.msPlayed),
    streak: longest,
    peakHour: peakOf(clock.cells.map((cell) => cell.msPlayed)),
    longestSessionMs: lengthOf(sessions.longestStart, sessions.longestEnd),
  };
}

function daysOf({ points }: Answers['days'], calendar: Calendar): Day[] {
  return points.map(({ start, plays, msPlayed }) => ({ day: calendar.dayOf(start), plays, msPlayed }));
}

function mostOf<T>(items: readonly T[], value: (item: T) => number): T | null {
  const most = Math.max(0, ...items.map(value));
  return most > 0 ? (items.find((item) => value(item) === most) ?? null) : null;
}

function peakOf(values: readonly number[]): number | null {
  const most = Math.max(0, ...values);
  return most > 0 ? values.indexOf(most) : null;
}

function lengthOf(start: string | null, end: string | null): number {
  return start && end ? Date.parse(end) - Date.parse(start) : 0;
}
