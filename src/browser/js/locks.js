// Locks of the origin: https://w3c.github.io/web-locks/

/**
 * Asks for a lock.
 * @param {string} name
 * @param {boolean} wait whether to wait while somebody else has it
 * @param {(name: string, outcome: 'granted' | 'taken' | 'unavailable') => void} answer called once, unless `release` is before
 * @returns {{ release(): void }} `release` gives the lock back, or no longer waits for it
 */
export function askLock(name, wait, answer) {
  const waiting = new AbortController()
  let isAnswered = false
  const tell = (outcome) => {
    if (isAnswered) return
    isAnswered = true
    answer(name, outcome)
  }
  let release
  const released = new Promise((resolve) => {
    release = () => {
      isAnswered = true
      waiting.abort()
      resolve()
    }
  })
  const whileHeld = (lock) => {
    tell(lock ? 'granted' : 'taken')
    return lock && released
  }
  // The two options exclude each other.
  const options = wait ? { signal: waiting.signal } : { ifAvailable: true }
  // Within an async function, because without locks this throws.
  const request = async () => navigator.locks.request(name, options, whileHeld)
  request().catch(() => tell('unavailable'))
  return { release }
}
