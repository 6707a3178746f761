import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/charts/csv';

describe('a table as CSV', () => {
  it('has a head, and numbers as they are', () => {
    expect(toCsv(['Day', 'Plays'], [['2024-05-31', -3]])).toBe('Day,Plays\r\n2024-05-31,-3\r\n');
  });

  it('quotes what would end a field', () => {
    expect(toCsv(['a'], [['x,"y"\nz']])).toBe('a\r\n"x,""y""\nz"\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx'])('makes no formula of %j', (name) => {
    expect(
      toCsv(['a'], [[name]])
        .split('\r\n')[1]
        ?.replace('"', ''),
    ).toMatch(/^'/);
  });
});
