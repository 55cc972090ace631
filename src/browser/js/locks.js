// Locks of the origin: https://w3c.github.io/web-locks/

/**
 * Asks for a lock.
 * @param {string} name
 * @param {boolean} wait whether to wait while somebody else has it
 * @returns {{ outcome: Promise<'granted' | 'taken' | 'released'>, release(): void }} the outcome is rejected where the
 * lock cannot be had; `release` gives it back, or no longer waits for it
 */
export function askLock(name, wait) {
  const waiting = new AbortController()
  let release
  const outcome = new Promise((answer, fail) => {
    const released = new Promise((resolve) => {
      release = () => {
        answer('released')
        waiting.abort()
        resolve()
      }
    })
    const whileHeld = (lock) => {
      answer(lock ? 'granted' : 'taken')
      return lock && released
    }
    // The two options exclude each other.
    const options = wait ? { signal: waiting.signal } : { ifAvailable: true }
    // Within an async function, because without locks this throws.
    const request = async () => navigator.locks.request(name, options, whileHeld)
    request().catch(fail)
  })
  return { outcome, release }
}
