/** Which files a drop or a choice brought, folders walked through. */

import type { Dropped } from '../recognise/look';

const MOST_FILES = 5_000;

/** Gives the files of a drop. Has to be called while the drop is being handled: later it is empty. */
export function filesOfDrop(transfer: DataTransfer): Promise<Dropped[]> {
  const walks = [...transfer.items].filter(({ kind }) => kind === 'file').map(begin);
  return Promise.all(walks).then((files) => files.flat());
}

/** Gives the files of an input; those of a folder know its name. */
export function filesOfInput(input: HTMLInputElement): Dropped[] {
  return [...(input.files ?? [])].map((file) => ({ file, from: file.webkitRelativePath.split('/')[0] ?? '' }));
}

/** The entry and the file can only be had at once; what is in a folder is read in its own time. */
function begin(item: DataTransferItem): Promise<Dropped[]> {
  const entry = item.webkitGetAsEntry?.();
  if (entry?.isDirectory) return walk(entry as FileSystemDirectoryEntry, entry.name, []);
  const file = item.getAsFile();
  return Promise.resolve(file ? [{ file, from: '' }] : []);
}

async function walk(folder: FileSystemDirectoryEntry, from: string, found: Dropped[]): Promise<Dropped[]> {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length || found.length >= MOST_FILES) return found;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, from, found);
      else found.push({ file: await fileOf(entry as FileSystemFileEntry), from });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
