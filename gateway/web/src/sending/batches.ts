/** From what was found to uploads within the server's limits. */

import type { Limits } from '../api/types';
import type { Found, LeftOut } from '../recognise/look';
import { formatBytes, plural } from '../words/format';

/** What is sent in one upload each, and what is too large to be sent at all. */
export interface Plan {
  batches: Found[][];
  tooLarge: LeftOut[];
}

/** Keeps the order; begins a new upload where the next file would pass a limit of the one before. */
export function planBatches(found: Found[], limits: Limits): Plan {
  const plan: Plan = { batches: [], tooLarge: [] };
  let bytes = 0;
  for (const file of found) {
    if (file.size > Math.min(limits.fileBytes, limits.uploadBytes)) {
      plan.tooLarge.push(refusalOf(file, limits.fileBytes));
      continue;
    }
    const batch = plan.batches.at(-1);
    if (batch && batch.length < limits.files && bytes + file.size <= limits.uploadBytes) {
      batch.push(file);
      bytes += file.size;
    } else {
      plan.batches.push([file]);
      bytes = file.size;
    }
  }
  return plan;
}

/** What an upload is called: by the archives it is made of, or by its files. */
export function nameOfBatch(batch: Found[]): string {
  const froms = [...new Set(batch.map(({ from, name }) => from || name))];
  const [first = 'history'] = froms;
  return froms.length > 1 ? `${first} and ${froms.length - 1} more` : first;
}

function refusalOf(file: Found, limit: number): LeftOut {
  const [size, most] = [file.size, limit].map(formatterFor(file.size, limit));
  return { ...file, broken: true, kind: null, why: `The file has ${size}; the limit is ${most}.` };
}

/** Rounded, unless two sizes would then look the same. */
function formatterFor(...sizes: number[]): (bytes: number) => string {
  return new Set(sizes.map(formatBytes)).size === sizes.length ? formatBytes : (bytes) => plural(bytes, 'byte');
}
