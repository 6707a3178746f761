/** Hands a file to the person. */

/** Saves bytes under a name; of the name only letters, digits, dots and dashes are kept. */
export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name.toLowerCase().replace(/[^a-z0-9.]+/g, '-');
  link.click();
  // The browser has begun to read it by the next turn, but not always before.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Saves a text, in UTF-8 with the mark without which spreadsheets take it for something else. */
export function saveCsv(text: string, name: string): void {
  save(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }), name);
}
