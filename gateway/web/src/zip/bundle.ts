/** Writes a ZIP out of parts that are deflated already: headers in memory, the content stays where it is. */

import type { Deflated } from './compressing';

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF_8_NAME = 0x800;
const DEFLATED = 8;
// 1 January 1980, the first there is: equal files make equal archives.
const DATE = 0x21;

/** One file of the archive to be. */
export interface Entry extends Deflated {
  name: string;
}

/** Puts the entries into one archive, in their order. Equal entries give equal bytes. */
export function writeZip(entries: Entry[]): Blob {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let offset = 0;
  let directoryBytes = 0;
  for (const entry of entries) {
    const name = new TextEncoder().encode(entry.name);
    const local = header(30, LOCAL, 4, entry, name);
    const central = header(46, ENTRY, 6, entry, name);
    new DataView(central.buffer).setUint16(4, VERSION, true);
    new DataView(central.buffer).setUint32(42, offset, true);
    parts.push(local, name, entry.data);
    directory.push(central, name);
    offset += local.length + name.length + entry.data.size;
    directoryBytes += central.length + name.length;
  }
  return new Blob([...parts, ...directory, end(entries.length, directoryBytes, offset)], { type: 'application/zip' });
}

/** What local and central headers have in common begins at different places; the central one says more afterwards. */
function header(bytes: number, magic: number, at: number, entry: Entry, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(bytes));
  view.setUint32(0, magic, true);
  const shorts = [VERSION, UTF_8_NAME, DEFLATED, 0, DATE];
  shorts.forEach((value, index) => {
    view.setUint16(at + 2 * index, value, true);
  });
  const sizes = [entry.crc, entry.data.size, entry.size];
  sizes.forEach((value, index) => {
    view.setUint32(at + 10 + 4 * index, value, true);
  });
  view.setUint16(at + 22, name.length, true);
  return new Uint8Array(view.buffer);
}

function end(count: number, directoryBytes: number, offset: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, END, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, directoryBytes, true);
  view.setUint32(16, offset, true);
  return new Uint8Array(view.buffer);
}
