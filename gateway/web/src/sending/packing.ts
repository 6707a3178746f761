/** Makes a shipment out of what was found: one archive for each upload. */

import { newKey } from '../api/request';
import type { Found } from '../recognise/look';
import { type Entry, writeZip } from '../zip/bundle';
import { nameOfBatch } from './batches';
import type { Bundle } from './shipments';

/** Packs the batches one after the other; `onPacked` is told how many bytes of history are packed. */
export async function packBundles(
  batches: Found[][],
  onPacked: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Bundle[]> {
  const bundles: Bundle[] = [];
  let bytes = 0;
  for (const batch of batches) {
    const entries: Entry[] = [];
    for (const file of batch) {
      signal.throwIfAborted();
      entries.push({ name: file.name, ...(await file.pack()) });
      bytes += file.size;
      onPacked(bytes);
    }
    bundles.push(bundleOf(nameOfBatch(batch), entries));
  }
  return bundles;
}

function bundleOf(filename: string, entries: Entry[]): Bundle {
  const blob = writeZip(entries);
  const fingerprint = entries.map(({ name, crc, size }) => `${name} ${crc} ${size}`).join('\n');
  return { filename, size: blob.size, fingerprint, blob, url: null, key: newKey(), sent: false };
}
