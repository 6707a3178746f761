/**
 * The directory of a ZIP archive, read without reading the archive: the last bytes, the directory, nothing else.
 *
 * Sizes and checksums are taken from the directory; what writes as a stream leaves them out beside the content.
 */

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const LONGEST_COMMENT = 0xffff;
const MOST_DIRECTORY_BYTES = 16 * 1024 * 1024;
const IN_64 = 0xffffffff;
const COUNT_IN_64 = 0xffff;

const ENCRYPTED = 0x1;
const UTF_8_NAME = 0x800;
const EXTRA_64 = 0x1;

/** What one archive member is, as the directory says. Sizes in bytes; method 0 is stored, 8 deflated. */
export interface Member {
  name: string;
  method: number;
  encrypted: boolean;
  crc: number;
  compressedSize: number;
  size: number;
  offset: number;
}

/** The archive is none, or only a part of one; the message is a sentence for the person. */
export class BrokenZip extends Error {}

/**
 * Reads the members of an archive, folders included, in the order of its directory.
 * @throws {BrokenZip}
 */
export async function readDirectory(file: Blob): Promise<Member[]> {
  const { offset, size, count } = await findDirectory(file);
  if (size > MOST_DIRECTORY_BYTES) throw new BrokenZip('The archive has more members than any export.');
  if (offset + size > file.size) throw cut();
  const view = await viewOf(file.slice(offset, offset + size));
  const members: Member[] = [];
  for (let at = 0; members.length < count; ) {
    if (at + ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== ENTRY) throw cut();
    members.push(memberAt(view, at));
    at += entryBytes(view, at);
  }
  return members;
}

/**
 * Gives the compressed bytes of a member, as a slice that nobody has read yet.
 * @throws {BrokenZip}
 */
export async function contentOf(file: Blob, member: Member): Promise<Blob> {
  const view = await viewOf(file.slice(member.offset, member.offset + LOCAL_BYTES));
  if (view.byteLength < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL) throw cut();
  const start = member.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + member.compressedSize > file.size) throw cut();
  return file.slice(start, start + member.compressedSize);
}

interface Place {
  offset: number;
  size: number;
  count: number;
}

async function findDirectory(file: Blob): Promise<Place> {
  const start = Math.max(0, file.size - END_BYTES - LONGEST_COMMENT - LOCATOR_BYTES);
  const view = await viewOf(file.slice(start));
  for (let at = view.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END) continue;
    const place = {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    const in64 = place.count === COUNT_IN_64 || place.size === IN_64 || place.offset === IN_64;
    return in64 ? findDirectory64(file, view, at - LOCATOR_BYTES) : place;
  }
  throw cut();
}

async function findDirectory64(file: Blob, end: DataView, locator: number): Promise<Place> {
  if (locator < 0 || end.getUint32(locator, true) !== LOCATOR_64) throw cut();
  const at = numberAt(end, locator + 8);
  const view = await viewOf(file.slice(at, at + 56));
  if (view.byteLength < 56 || view.getUint32(0, true) !== END_64) throw cut();
  return { count: numberAt(view, 32), size: numberAt(view, 40), offset: numberAt(view, 48) };
}

function memberAt(view: DataView, at: number): Member {
  const flags = view.getUint16(at + 8, true);
  const nameBytes = view.getUint16(at + 28, true);
  const member = {
    name: nameOf(bytesAt(view, at + ENTRY_BYTES, nameBytes), flags),
    method: view.getUint16(at + 10, true),
    encrypted: (flags & ENCRYPTED) !== 0,
    crc: view.getUint32(at + 16, true),
    compressedSize: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  const extraAt = at + ENTRY_BYTES + nameBytes;
  return withSizes64(member, view, extraAt, extraAt + view.getUint16(at + 30, true));
}

/** Numbers that do not fit stand in an extra field, in this order and only those. */
function withSizes64(member: Member, view: DataView, from: number, to: number): Member {
  for (let at = from; at + 4 <= Math.min(to, view.byteLength); at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== EXTRA_64) continue;
    let next = at + 4;
    for (const name of ['size', 'compressedSize', 'offset'] as const) {
      if (member[name] !== IN_64) continue;
      if (next + 8 > view.byteLength) throw cut();
      member[name] = numberAt(view, next);
      next += 8;
    }
  }
  return member;
}

function entryBytes(view: DataView, at: number): number {
  return ENTRY_BYTES + [28, 30, 32].reduce((sum, field) => sum + view.getUint16(at + field, true), 0);
}

/** Without the flag it is the code page of the machine that wrote it; every one of those has ASCII in it. */
function nameOf(bytes: Uint8Array, flags: number): string {
  return new TextDecoder(flags & UTF_8_NAME ? 'utf-8' : 'windows-1252').decode(bytes);
}

function bytesAt(view: DataView, at: number, length: number): Uint8Array<ArrayBuffer> {
  if (at + length > view.byteLength) throw cut();
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + at, length);
}

function numberAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

async function viewOf(blob: Blob): Promise<DataView<ArrayBuffer>> {
  return new DataView(await blob.arrayBuffer());
}

function cut(): BrokenZip {
  return new BrokenZip('It is no ZIP file, or only a part of one. Download it again.');
}
