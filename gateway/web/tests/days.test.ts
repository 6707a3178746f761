import { describe, expect, it } from 'vitest';
import { bucketEnd, Calendar, daysName, monthName } from '../src/charts/calendar';
import { addDays, addMonths, daysBetween, isDay } from '../src/charts/days';

describe('days of the calendar', () => {
  it('go on over months, years and leap days', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2024-01-01', -1)).toBe('2023-12-31');
    expect(daysBetween('2024-01-01', '2025-01-01')).toBe(366);
  });

  it('have a last one in each month', () => {
    expect(addMonths('2024-01-31', 1)).toBe('2024-02-29');
    expect(addMonths('2024-03-31', -12)).toBe('2023-03-31');
  });

  it('are told from what is none', () => {
    expect(['2024-02-29', '2023-02-29', '2024-13-01', '24-1-1', ''].map(isDay)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('end where the next bucket begins', () => {
    expect(bucketEnd('2024-02-05', 'week')).toBe('2024-02-12');
    expect(bucketEnd('2024-01-01', 'month')).toBe('2024-02-01');
    expect(bucketEnd('2024-12-01', 'month')).toBe('2025-01-01');
    expect(bucketEnd('2024-01-01', 'year')).toBe('2025-01-01');
    expect(bucketEnd('2024-02-29', 'day')).toBe('2024-03-01');
  });
});

describe('the calendar of a time zone', () => {
  it('has the day that clocks there show', () => {
    const midnight = '2024-05-31T22:30:00Z';
    expect(new Calendar('UTC').dayOf(midnight)).toBe('2024-05-31');
    expect(new Calendar('Europe/Berlin').dayOf(midnight)).toBe('2024-06-01');
  });

  it('names buckets, months and days', () => {
    const berlin = new Calendar('Europe/Berlin');
    expect(berlin.bucket('2024-02-29T23:00:00Z', 'month')).toBe('March 2024');
    expect(berlin.bucket('2024-03-03T23:00:00Z', 'week')).toBe('Week of 4 Mar 2024');
    expect(monthName('2021-05')).toBe('May 2021');
    expect(daysName('2021-05-03', '2021-06-08')).toBe('3 May 2021 – 8 Jun 2021');
  });
});
