/** Finding one's way in buckets of time. */

/** The place of the bucket in which a moment lies; the first where it lies before all. */
export function bucketAt(starts: readonly number[], moment: number): number {
  const after = starts.findIndex((start) => start > moment);
  return Math.max(0, (after === -1 ? starts.length : after) - 1);
}
