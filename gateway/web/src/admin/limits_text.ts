/** Limits as they stand in a form's fields, and back; an empty field is no limit. */

import type { QueueLimits } from './types';

/** What stands in each field. */
export interface LimitsText {
  maxRunning: string;
  maxRunningPerLane: string;
  maxDepth: string;
  perSecond: string;
  burst: string;
}

/** Fills the fields. */
export function textOf({ maxRunning, maxRunningPerLane, maxDepth, rate }: QueueLimits): LimitsText {
  const text = (value: number | null | undefined) => value?.toString() ?? '';
  return {
    maxRunning: text(maxRunning),
    maxRunningPerLane: text(maxRunningPerLane),
    maxDepth: text(maxDepth),
    perSecond: text(rate?.perSecond),
    burst: text(rate?.burst),
  };
}

/** Reads them; a burst without a rate means nothing. */
export function limitsOf({ perSecond, burst, ...whole }: LimitsText): QueueLimits {
  const number = (text: string) => (text.trim() ? Number(text) : null);
  const rate = number(perSecond);
  return {
    maxRunning: number(whole.maxRunning),
    maxRunningPerLane: number(whole.maxRunningPerLane),
    maxDepth: number(whole.maxDepth),
    rate: rate === null ? null : { perSecond: rate, burst: number(burst) },
  };
}
