/** Gives the person a file that the page has in hand. */

/** Has the browser save bytes under a name, as if they had been downloaded. */
export function saveAs(filename: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = filename;
  link.click();
  // The browser reads it after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
