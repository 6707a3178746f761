import { describe, expect, it } from 'vitest';
import { gapSentence, gapsIn } from '../src/uploads/gaps';

const day = (text: string, plays = 1) => ({ start: new Date(`${text}T00:00:00`).toISOString(), plays });

describe('gaps', () => {
  it('are found where more than a month has no play', () => {
    const days = [day('2021-01-01'), day('2021-01-31'), day('2021-02-15', 0), day('2021-03-10'), day('2021-03-11')];
    expect(gapsIn(days).map(gapSentence)).toEqual(['Nothing from 1 Feb 2021 to 9 Mar 2021: a file may be missing.']);
  });

  it('are none within a month, and none before the first play or after the last', () => {
    expect(gapsIn([day('2021-01-01', 0), day('2021-03-01'), day('2021-04-01'), day('2021-09-01', 0)])).toEqual([]);
  });

  it('are named by the year where one is missing', () => {
    expect(gapsIn([day('2021-12-30'), day('2023-01-02')]).map(gapSentence)).toEqual([
      '2022 is missing: a file may be.',
    ]);
    expect(gapsIn([day('2018-12-28'), day('2022-01-05')]).map(gapSentence)).toEqual([
      '2019 to 2021 is missing: a file may be.',
    ]);
  });

  it('are none where there are no plays', () => {
    expect(gapsIn([])).toEqual([]);
  });
});
