import { describe, expect, it } from 'vitest';
import { addDays } from '../src/charts/days';
import { streaksOf } from '../src/charts/streaks';

const daysOf = (plays: number[]) => plays.map((count, index) => ({ day: addDays('2024-01-01', index), plays: count }));

describe('streaks', () => {
  it('are days in a row, the earlier of equal ones the longest', () => {
    const found = streaksOf(daysOf([1, 2, 0, 1, 1, 0, 1]));
    expect(found.longest).toEqual({ days: 2, from: '2024-01-01', to: '2024-01-02' });
    expect(found).toMatchObject({ daysWithPlays: 5, days: 7 });
  });

  it('may not be over yet where they reach the last day or the one before', () => {
    expect(streaksOf(daysOf([0, 1, 1])).last).toEqual({ days: 2, from: '2024-01-02', to: '2024-01-03' });
    expect(streaksOf(daysOf([0, 1, 1, 0])).last?.days).toBe(2);
    expect(streaksOf(daysOf([0, 1, 1, 0, 0])).last).toBeNull();
  });

  it('are none where nothing was played', () => {
    expect(streaksOf(daysOf([0, 0]))).toEqual({ daysWithPlays: 0, days: 2, longest: null, last: null });
    expect(streaksOf([])).toEqual({ daysWithPlays: 0, days: 0, longest: null, last: null });
  });
});
