// A timer in a worker, because browsers let the timers of a hidden page fire once a minute only.

/** What the worker runs: answers each number of milliseconds with a message when they have passed. */
export const program = 'onmessage=({data})=>setTimeout(()=>postMessage(0),data)'

/**
 * Starts the worker.
 * @param {string} source the URL of a file with the program, or 'blob' to do without a file
 * @param {() => void} onWake called whenever a time asked for with postMessage has passed
 * @returns {Worker}
 */
export function startTimerWorker(source, onWake) {
  const url = source === 'blob' ? URL.createObjectURL(new Blob([program], { type: 'text/javascript' })) : source
  const worker = new Worker(url)
  worker.onmessage = () => {
    if (url !== source) URL.revokeObjectURL(url)
    onWake()
  }
  return worker
}
