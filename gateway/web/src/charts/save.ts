/** Hands what a chart shows to the person. */

import { saveAs } from '../shell/saving';

/** Saves bytes under a name; of the name only letters, digits, dots and dashes are kept. */
export function save(content: Blob, name: string): void {
  saveAs(name.toLowerCase().replace(/[^a-z0-9.]+/g, '-'), content);
}

/** Saves a text, in UTF-8 with the mark without which spreadsheets take it for something else. */
export function saveCsv(text: string, name: string): void {
  save(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }), name);
}
