/** How long something will still take, by how fast it went lately; says nothing where it cannot know. */

const WINDOW_MS = 15_000;
const LEAST_MS = 2_000;
const STALLED_MS = 5_000;

interface Sample {
  at: number;
  done: number;
}

/** Is told now and then how much is done. */
export class Estimate {
  private samples: Sample[] = [];

  /** Notes that `done` of whatever unit are done at a time in milliseconds. Going back begins anew. */
  add(done: number, at: number): void {
    const last = this.samples.at(-1);
    if (last && done < last.done) this.samples = [];
    if (!last || done !== last.done) this.samples.push({ at, done });
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) > WINDOW_MS) this.samples.shift();
  }

  /** Milliseconds until `total`, or null: too early, standing still, or nothing done lately. */
  left(total: number, now: number): number | null {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || !last || last.at - first.at < LEAST_MS || now - last.at > STALLED_MS) return null;
    const rate = (last.done - first.done) / (last.at - first.at);
    return rate > 0 ? Math.max(0, (total - last.done) / rate - (now - last.at)) : null;
  }
}

/** "about 2 min left", never more exact than it can be; empty where nothing is known. */
export function leftSentence(ms: number | null): string {
  if (ms === null) return '';
  const seconds = ms / 1000;
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3300) return `about ${Math.ceil(seconds / 60)} min left`;
  return `about ${Math.ceil(seconds / 3600)} h left`;
}
