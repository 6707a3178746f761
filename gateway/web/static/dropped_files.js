/** Which files a drop brought; folders are told apart, since a browser shows them as files that cannot be read. */

/**
 * @param {DataTransfer} transfer
 * @returns {{files: File[], folders: string[]}}
 */
export function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const files = [];
  const folders = [];
  for (const item of items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) folders.push(entry.name);
    else files.push(item.getAsFile());
  }
  return { files: files.filter(Boolean), folders };
}
