import { describe, expect, it } from 'vitest';
import { formatShare, shadeOf, timeUnit } from '../src/charts/scale';
import { bucketAt } from '../src/charts/time_buckets';

describe('scales', () => {
  it('shade by the root of the share, nothing only where there is nothing', () => {
    expect([0, 1, 25, 100].map((value) => shadeOf(value, 100, 6))).toEqual([0, 1, 3, 6]);
    expect(shadeOf(0, 0, 6)).toBe(0);
  });

  it('say shares with as many digits as they need', () => {
    const shares = [0, 1, 23, 999, 1_000].map((part) => formatShare(part, 1_000));
    expect(shares).toEqual(['0 %', '0.1 %', '2.3 %', '100 %', '100 %']);
    expect(formatShare(1, 1_000_000)).toBe('under 0.1 %');
    expect(formatShare(1, 0)).toBe('0 %');
  });

  it('tell time in hours where that makes whole ones', () => {
    expect(timeUnit(3 * 3_600_000).unit).toBe('Hours');
    expect(timeUnit(60_000).unit).toBe('Minutes');
  });

  it('find the bucket of a moment', () => {
    const starts = [10, 20, 30];
    expect([0, 10, 19, 20, 99].map((moment) => bucketAt(starts, moment))).toEqual([0, 0, 0, 1, 2]);
  });
});
