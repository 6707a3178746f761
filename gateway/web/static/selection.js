/** From files that somebody dropped to requests: what goes together, and what is refused before it is sent, and why. */

import { newKey } from './api.js';
import { formatBytes, formatCount, plural } from './format.js';

/**
 * @param {File[]} files
 * @param {{files: number, fileBytes: number, uploadBytes: number}} limits bytes
 * @returns {{requests: {path: string, field: string, files: File[], key: string}[],
 *   refused: {filename: string, message: string}[]}} each ZIP is a request; the JSON files together are one
 */
export function planUpload(files, limits) {
  const refused = [];
  const zips = [];
  const jsons = [];
  let jsonBytes = 0;
  for (const file of files) {
    const json = kindOf(file.name) === 'json';
    const before = json ? { count: jsons.length, bytes: jsonBytes } : { count: 0, bytes: 0 };
    const message = objection(file, before, limits);
    if (message) {
      refused.push({ filename: file.name, message });
    } else if (json) {
      jsons.push(file);
      jsonBytes += file.size;
    } else {
      zips.push(file);
    }
  }
  const requests = zips.map((zip) => requestOf('/api/uploads/zip', 'file', [zip]));
  if (jsons.length) requests.push(requestOf('/api/uploads/json', 'files', jsons));
  return { requests, refused };
}

function requestOf(path, field, files) {
  return { path, field, files, key: newKey() };
}

function kindOf(filename) {
  if (/\.zip$/i.test(filename)) return 'zip';
  return /\.json(\.gz)?$/i.test(filename) ? 'json' : null;
}

/** Why a file cannot go along with those before it; null where it can. */
function objection(file, before, limits) {
  if (!kindOf(file.name)) return 'Only .zip, .json and .json.gz files can be read.';
  if (file.size === 0) return 'The file is empty. Take it out of the export once more.';
  const most = kindOf(file.name) === 'zip' ? limits.uploadBytes : limits.fileBytes;
  if (file.size > most) {
    const [size, limit] = [file.size, most].map(formatterFor(file.size, most));
    return `The file has ${size}; the limit is ${limit}.`;
  }
  if (before.count >= limits.files) {
    return `An upload takes ${formatCount(limits.files)} files at most. Send this one in an upload of its own.`;
  }
  if (before.bytes + file.size > limits.uploadBytes) {
    const limit = formatBytes(limits.uploadBytes);
    return `With this file the upload would pass its limit of ${limit}. Send it in an upload of its own.`;
  }
  return null;
}

/** Rounded, unless two sizes would then look the same. */
function formatterFor(...sizes) {
  return new Set(sizes.map(formatBytes)).size === sizes.length ? formatBytes : (bytes) => plural(bytes, 'byte');
}
