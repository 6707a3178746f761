/** What one tab remembers: sessionStorage, or memory alone where the browser refuses it. */

const memory = new Map<string, unknown>();

/** Gives the value kept under the name, or null. */
export function recall<T>(name: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? 'null') as T | null;
  } catch {
    return (memory.get(name) as T | undefined) ?? null;
  }
}

/** Keeps any value that JSON can hold. */
export function remember(name: string, value: unknown): void {
  memory.set(name, value);
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Storage is switched off: memory serves until the page is left.
  }
}

/** Forgets what was kept under the name. */
export function forget(name: string): void {
  memory.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // As above.
  }
}
