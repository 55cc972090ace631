// The browser's localStorage, and what an application gives in its place. Plain JavaScript, because the WebAssembly side
// imports this file as it is.
import { isThenable, wordsIn } from './arguments.js'

/**
 * The storage of the browser; nothing where there is none. The browser throws where the user has forbidden it.
 * @returns {Storage | undefined}
 */
export function localStore() {
  const store = globalThis.localStorage
  if (store === undefined || store?.getItem) return store
  throw new Error('globalThis.localStorage is not a storage')
}

/**
 * The keys that begin so and their values, in turn, or a promise of them. The values of others are not even read.
 * @param {any} store
 * @param {string} prefix
 * @returns {string[] | Promise<string[]>}
 */
export function readStore(store, prefix) {
  const read = (all) => {
    const keys = Array.from(all).filter((key) => typeof key === 'string' && key.startsWith(prefix))
    const values = keys.map((key) => store.getItem(key))
    const items = (values) =>
      keys.flatMap((key, index) => (typeof values[index] === 'string' ? [key, values[index]] : []))
    return values.some(isThenable) ? Promise.all(values).then(items) : items(values)
  }
  // An item of localStorage may be called `keys`.
  const keys = typeof store.keys === 'function' ? store.keys() : Object.keys(store)
  return isThenable(keys) ? Promise.resolve(keys).then(read) : read(keys)
}

/**
 * Tells what other pages do to keys of the browser's storage that begin so; `null` for both if they cleared all of it.
 * @param {Storage} store
 * @param {string} prefix
 * @param {(key: string | null, value: string | null) => void} tell
 * @returns {{ end(): void }}
 */
export function watchStore(store, prefix, tell) {
  const listener = (event) => {
    const { key } = event
    if (event.storageArea !== store || (key !== null && !key.startsWith(prefix))) return
    // Not before, because the browser copies it.
    tell(key, event.newValue)
  }
  globalThis.addEventListener?.('storage', listener)
  return { end: () => globalThis.removeEventListener?.('storage', listener) }
}

/**
 * What is wrong. The messages of what browsers throw may name the key; they have a number and a name, which says something.
 * @param {any} exception
 */
export function problemOf(exception) {
  try {
    if (typeof exception.code === 'number' && typeof exception.name === 'string') return exception.name
  } catch {
    // It has neither.
  }
  return wordsIn(exception)
}
