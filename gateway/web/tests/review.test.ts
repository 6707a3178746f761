import { describe, expect, it } from 'vitest';
import { factsOf, textOf } from '../src/review/facts';
import { directionOf, drawable, fitted } from '../src/review/lettering';
import { blended, lookNamed } from '../src/review/looks';
import { type Answers, reviewOf } from '../src/review/review';

const top = (...names: string[]) => ({
  items: names.map((name) => ({ name, artistName: null, plays: 1, msPlayed: 1 })),
  nextCursor: null,
});
const cells = Array.from({ length: 168 }, (_, index) => ({
  weekday: Math.floor(index / 24),
  hour: index % 24,
  plays: 0,
  msPlayed: index === 34 ? 5 : 0,
}));
const ANSWERS: Answers = {
  overview: {
    plays: 3,
    msPlayed: 600_000,
    artists: 2,
    tracks: 2,
    albums: 1,
    firstPlayedAt: '2024-01-01T10:00:00.000Z',
    lastPlayedAt: '2024-01-02T10:00:00.000Z',
  },
  days: {
    bucket: 'day',
    points: [
      { start: '2023-12-31T23:00:00.000Z', plays: 1, msPlayed: 100_000 },
      { start: '2024-01-01T23:00:00.000Z', plays: 2, msPlayed: 500_000 },
      { start: '2024-01-02T23:00:00.000Z', plays: 0, msPlayed: 0 },
    ],
  },
  clock: { cells },
  discoveries: { bucket: 'year', points: [{ start: '2023-12-31T23:00:00.000Z', artists: 1, tracks: 2 }] },
  sessions: {
    sessions: 2,
    ms: 600_000,
    longestStart: '2024-01-02T10:00:00.000Z',
    longestEnd: '2024-01-02T10:08:00.000Z',
  },
  artists: top('<b>Foxes</b>'),
  tracks: top('Ashes'),
  albums: top(),
};

describe('a year in review', () => {
  it('is what the answers say, by the days of the time zone', () => {
    expect(reviewOf('2024', 'Europe/Berlin', ANSWERS)).toMatchObject({
      minutes: 10,
      newArtists: 1,
      newTracks: 2,
      daysWithPlays: 2,
      busiestDay: { day: '2024-01-02' },
      streak: { days: 2, from: '2024-01-01', to: '2024-01-02' },
      peakHour: 34,
      longestSessionMs: 480_000,
    });
  });

  it('is told in sentences, names as they are', () => {
    const text = textOf(reviewOf('2024', 'Europe/Berlin', ANSWERS));
    expect(text).toContain('10 minutes of listening. Top artists: 1. <b>Foxes</b>. Top tracks: 1. Ashes.');
    expect(text).toContain('Favourite hour: Tue 10:00.');
  });

  it('leaves out what there is nothing of', () => {
    const silent = {
      ...ANSWERS,
      days: { ...ANSWERS.days, points: [] },
      clock: { cells: cells.map((cell) => ({ ...cell, msPlayed: 0 })) },
    };
    const names = factsOf(reviewOf('2024', 'UTC', silent)).map(({ name }) => name);
    expect(names).not.toContain('Busiest day');
    expect(names).not.toContain('Favourite hour');
  });
});

describe('names in the picture', () => {
  const widthOf = (most: number) => (text: string) => [...text].length <= most;

  it('are cut where there is no more room, between characters as people count them', () => {
    expect(fitted('short', widthOf(5))).toBe('short');
    expect(fitted('longer', widthOf(5))).toBe('long…');
    expect(fitted('👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧', widthOf(8))).toBe('👨‍👩‍👧…');
  });

  it('hold nothing that is not seen, and are not endless', () => {
    expect(drawable('a\u202eb\u0000c')).toBe('a b c');
    expect(drawable('\u202e')).toBe('(no name)');
    expect(drawable('x'.repeat(10_000)).length).toBeLessThan(130);
  });

  it('begin on their own side', () => {
    expect(['שלום', 'عمرو', '1. مرحبا', 'Foxes', 'Foxes عمرو', '名'].map(directionOf)).toEqual([
      'rtl',
      'rtl',
      'rtl',
      'ltr',
      'ltr',
      'ltr',
    ]);
  });
});

describe('looks', () => {
  it('blend from the first colour over the middle to the last', () => {
    const rays: [string, string, string] = ['#000000', '#ffffff', '#ff0000'];
    expect([0, 0.25, 0.5, 1].map((share) => blended(rays, share))).toEqual([
      'rgb(0 0 0)',
      'rgb(128 128 128)',
      'rgb(255 255 255)',
      'rgb(255 0 0)',
    ]);
  });

  it('are the first where there is none of that name', () => {
    expect([lookNamed('paper'), lookNamed('toString'), lookNamed(null)]).toEqual(['paper', 'water', 'water']);
  });
});
