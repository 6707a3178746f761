/** Looks into whatever was dropped: what is a history and of which kind, and what is left alone and why. */

import { type Deflated, deflate, gunzip, headOf } from '../zip/compressing';
import { BrokenZip, contentOf, type Member, readDirectory } from '../zip/directory';
import { type FormatName, HEAD_BYTES, recogniseHead } from './heads';
import { isNamedAsHistory, isNamedAsOther, kindByName, mayHoldPlays, shownName } from './names';

const STORED = 0;
const DEFLATED = 8;
const ZIP_MAGIC = 0x04034b50;
const GZIP_MAGIC = 0x8b1f;

/** A history that can be sent. Sizes in bytes as they come out of compression. */
export interface Found {
  name: string;
  /** The archive or folder that it lay in; empty for a file by itself. */
  from: string;
  format: FormatName;
  size: number;
  /** Makes it ready; reads the content no sooner than this. */
  pack: () => Promise<Deflated>;
}

/** What stays on this machine. `broken` may have been meant as a history; `kind` says what others are, if known. */
export interface LeftOut {
  name: string;
  from: string;
  broken: boolean;
  why: string;
  kind: string | null;
}

/** What was dropped, file by file. */
export interface Dropped {
  file: File;
  /** The folder it came out of, or nothing. */
  from: string;
}

/** What all of it is. */
export interface Looked {
  found: Found[];
  left: LeftOut[];
}

/** Looks at everything in its order; `onFile` is told before each file that is looked into. */
export async function look(dropped: Dropped[], onFile: (name: string) => void): Promise<Looked> {
  const looked: Looked = { found: [], left: [] };
  for (const { file, from } of dropped) {
    onFile(file.name);
    await lookAt(file, from, looked);
  }
  return looked;
}

async function lookAt(file: File, from: string, looked: Looked): Promise<void> {
  const name = shownName(file.name);
  try {
    if (file.size === 0) throw new NotTaken('The file is empty. Take it from the export again.');
    const magic = await magicOf(file);
    if (magic === ZIP_MAGIC || /\.zip$/i.test(name)) await lookIntoZip(file, name, looked);
    else if ((magic & 0xffff) === GZIP_MAGIC) await lookAtGzip(file, name, from, looked);
    else await lookAtPlain(file, name, from, looked);
  } catch (error) {
    looked.left.push(leftOut(name, from, true, sentenceFor(error)));
  }
}

async function lookIntoZip(file: File, from: string, looked: Looked): Promise<void> {
  for (const member of await readDirectory(file)) {
    if (member.name.endsWith('/')) continue;
    await lookAtMember(file, member, from, looked);
  }
}

async function lookAtMember(zip: File, member: Member, from: string, looked: Looked): Promise<void> {
  const name = shownName(member.name);
  if (isNamedAsOther(name) || (!mayHoldPlays(name) && !/\.zip$/i.test(name))) {
    looked.left.push(leftOut(name, from, false, 'It holds no listening history.'));
    return;
  }
  try {
    const packed = await contentOf(zip, readable(member, name));
    const raw = member.method === DEFLATED ? 'deflate-raw' : null;
    const pack = async () => (raw ? { data: packed, crc: member.crc, size: member.size } : deflate(packed));
    await judge(await headOf(packed, raw, HEAD_BYTES), { name, from, size: member.size, pack }, looked);
  } catch (error) {
    looked.left.push(leftOut(name, from, true, sentenceFor(error)));
  }
}

function readable(member: Member, name: string): Member {
  if (/\.zip$/i.test(name)) throw new NotTaken('It is an archive in an archive: drop it by itself.');
  if (member.encrypted) throw new NotTaken('It is encrypted: unpack the archive and drop the file.');
  if (member.method !== STORED && member.method !== DEFLATED) {
    throw new NotTaken('It is compressed in an unusual way: unpack the archive and drop the file.');
  }
  return member;
}

async function lookAtPlain(file: File, name: string, from: string, looked: Looked): Promise<void> {
  if (isNamedAsOther(name) || !mayHoldPlays(name)) {
    const why = from ? 'It holds no listening history.' : 'Only .zip, .json and .json.gz files hold a history.';
    looked.left.push(leftOut(name, from, false, why));
    return;
  }
  const head = await headOf(file, null, HEAD_BYTES);
  await judge(head, { name, from, size: file.size, pack: () => deflate(file) }, looked);
}

async function lookAtGzip(file: File, name: string, from: string, looked: Looked): Promise<void> {
  const head = await headOf(file, 'gzip', HEAD_BYTES);
  const size = new DataView(await file.slice(file.size - 4).arrayBuffer()).getUint32(0, true);
  const shown = name.replace(/\.gz$/i, '');
  await judge(head, { name: shown, from, size, pack: () => deflate(gunzip(file)) }, looked);
}

async function judge(
  { bytes, complete }: { bytes: Uint8Array; complete: boolean },
  candidate: Omit<Found, 'format'>,
  looked: Looked,
): Promise<void> {
  const told = recogniseHead(bytes, complete);
  if (typeof told === 'string') {
    looked.found.push({ ...candidate, format: told });
    return;
  }
  const { name, from } = candidate;
  const meant = !kindByName(name) && (isNamedAsHistory(name) || told.broken || !from);
  looked.left.push(leftOut(name, from, meant, told.why));
}

function leftOut(name: string, from: string, broken: boolean, why: string): LeftOut {
  return { name, from, broken, why, kind: kindByName(name) };
}

async function magicOf(file: Blob): Promise<number> {
  const bytes = new Uint8Array(4);
  bytes.set(new Uint8Array(await file.slice(0, 4).arrayBuffer()));
  return new DataView(bytes.buffer).getUint32(0, true);
}

class NotTaken extends Error {}

function sentenceFor(error: unknown): string {
  if (error instanceof NotTaken || error instanceof BrokenZip) return error.message;
  if ((error as Error).name === 'NotReadableError' || (error as Error).name === 'NotFoundError') {
    return 'Your browser cannot read it any more. Drop it again.';
  }
  return 'It is damaged: it cannot be decompressed. Download it again.';
}
