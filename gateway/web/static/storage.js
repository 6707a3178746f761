/** What one tab remembers: sessionStorage, or memory alone where the browser refuses it. */

const memory = new Map();

/** @returns {any} the value kept under the name, or null */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Keeps any value that JSON can hold. */
export function remember(name, value) {
  memory.set(name, value);
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Storage is switched off: memory serves until the page is left.
  }
}

export function forget(name) {
  memory.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // As above.
  }
}
