import { describe, expect, it } from 'vitest';
import { defaults, type Filters } from '../src/dashboard/filters';
import { rangeName, rangeOf, stepped, zoomedIn, zoomedOut } from '../src/dashboard/ranges';

const TODAY = '2024-03-31';
const ALL = { first: '2020-06-15', last: '2024-03-20' };
const of = (wanted: Partial<Filters>): Filters => ({ ...defaults(), ...wanted });
const custom = (from: string, to: string) => ({ range: 'custom', from, to });
const named = (range: string) => ({ range, from: '', to: '' });

describe('ranges', () => {
  it('are years and months where they are just that', () => {
    expect(rangeOf('2023-01-01', '2023-12-31')).toEqual(named('2023'));
    expect(rangeOf('2024-02-01', '2024-02-29')).toEqual(named('2024-02'));
    expect(rangeOf('2024-02-01', '2024-03-31')).toEqual(custom('2024-02-01', '2024-03-31'));
  });

  it('have names', () => {
    const names = ['all', '2023', '2023-05'].map((range) => rangeName(of({ range }), ALL));
    expect(names).toEqual(['All of it', '2023', 'May 2023']);
    expect(rangeName(of(custom('2024-01-01', '')), ALL)).toBe('1 Jan 2024 – 20 Mar 2024');
  });

  it('step to the year, the month or the days before and after, and no farther than there are plays', () => {
    expect(stepped(of({ range: '2023' }), -1, TODAY, ALL)).toEqual(named('2022'));
    expect(stepped(of({ range: '2024-01' }), -1, TODAY, ALL)).toEqual(named('2023-12'));
    expect(stepped(of(custom('2024-01-05', '2024-01-11')), 1, TODAY, ALL)).toEqual(custom('2024-01-12', '2024-01-18'));
    expect(stepped(of({ range: '2024' }), 1, TODAY, ALL)).toBeNull();
    expect(stepped(of({ range: '2020' }), -1, TODAY, ALL)).toBeNull();
    expect(stepped(of({ range: 'all' }), -1, TODAY, ALL)).toBeNull();
  });

  it('zoom in to their middle, down to days', () => {
    expect(zoomedIn(of(custom('2024-01-01', '2024-01-08')), TODAY, ALL)).toEqual(custom('2024-01-03', '2024-01-06'));
    expect(zoomedIn(of(custom('2024-01-01', '2024-01-03')), TODAY, ALL)).toBeNull();
  });

  it('zoom out from a day to its month, its year, and everything', () => {
    expect(zoomedOut(of(custom('2023-05-03', '2023-05-03')), TODAY, ALL)).toEqual(named('2023-05'));
    expect(zoomedOut(of({ range: '2023-05' }), TODAY, ALL)).toEqual(named('2023'));
    expect(zoomedOut(of(custom('2020-08-01', '2024-02-01')), TODAY, ALL)).toEqual(named('all'));
    expect(zoomedOut(of({ range: 'all' }), TODAY, ALL)).toBeNull();
  });
});
