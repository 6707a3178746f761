/** Which points of a timeline get a label below, and what it says. */

const LOCALE = 'en-GB';
const LABEL_WIDTH = 64;
const YEAR = 366 * 86_400_000;

const year = new Intl.DateTimeFormat(LOCALE, { year: 'numeric' });
const month = new Intl.DateTimeFormat(LOCALE, { month: 'short' });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const hour = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });

/**
 * How a stretch of time is labelled. `number` counts the unit, so that labels left out for want of room leave round
 * ones behind: every January, every fifth year.
 */
const YEARS = {
  steps: [1, 2, 5, 10, 20],
  number: (start) => start.getFullYear(),
  label: (start) => year.format(start),
};
const MONTHS = {
  steps: [1, 2, 3, 6, 12],
  number: (start) => start.getMonth(),
  label: (start) => (start.getMonth() === 0 ? year : month).format(start),
};
const DAYS = {
  steps: [1, 2, 5, 7, 14, 28],
  number: (_, position) => position,
  label: (start) => day.format(start),
};
const HOURS = {
  steps: [1, 2, 3, 6, 12, 24],
  number: (start) => start.getHours(),
  label: (start) => (start.getHours() === 0 ? day : hour).format(start),
};

/**
 * @param {Date[]} starts
 * @param {string} bucket
 * @param {number} width pixels there are for labels
 * @returns {{index: number, label: string}[]}
 */
export function timeTicks(starts, bucket, width) {
  const unit = unitFor(starts, bucket);
  const changes = starts
    .map((start, index) => ({ index, label: unit.label(start), number: unit.number(start, index) }))
    .filter(({ index, label }, _, all) => index === 0 || label !== all[index - 1].label);
  const needed = changes.length / Math.max(2, Math.floor(width / LABEL_WIDTH));
  const step = unit.steps.find((candidate) => candidate >= needed) ?? unit.steps.at(-1);
  return withoutCrampedStart(changes.filter(({ number }) => number % step === 0));
}

function unitFor(starts, bucket) {
  const span = starts.at(-1) - starts[0];
  if (bucket === 'year' || span > 3 * YEAR) return YEARS;
  if (bucket === 'month' || span > YEAR / 3) return MONTHS;
  return bucket === 'hour' ? HOURS : DAYS;
}

/** A first stretch that is cut short would push its label into the next one's. */
function withoutCrampedStart(ticks) {
  const cramped = ticks.length > 2 && (ticks[1].index - ticks[0].index) * 2 < ticks[2].index - ticks[1].index;
  return cramped ? ticks.slice(1) : ticks;
}
