// A timer in a worker, because browsers let the timers of a hidden page fire once a minute only.

/** What the worker runs: answers each number of milliseconds with a message when they have passed. */
export const program = 'onmessage=({data})=>setTimeout(()=>postMessage(0),data)'

/**
 * Starts the worker. One that cannot be loaded is replaced by the page's own timers.
 * @param {string} source the URL of a file with the program, or 'blob' to do without a file
 * @param {() => void} onWake called whenever a time asked for with postMessage has passed, or sooner
 * @returns {{ postMessage(waitMs: number): void, terminate(): void }}
 */
export function startTimerWorker(source, onWake) {
  const url = source === 'blob' ? URL.createObjectURL(new Blob([program], { type: 'text/javascript' })) : source
  const worker = new Worker(url)
  let isBroken = false
  let timer
  worker.onmessage = () => {
    if (url !== source) URL.revokeObjectURL(url)
    onWake()
  }
  worker.onerror = (event) => {
    event.preventDefault()
    console.warn('deepstream: the heartbeatWorker could not be loaded:', source)
    isBroken = true
    onWake()
  }
  return {
    postMessage(waitMs) {
      if (!isBroken) return worker.postMessage(waitMs)
      clearTimeout(timer)
      timer = setTimeout(onWake, waitMs)
    },
    terminate() {
      clearTimeout(timer)
      worker.terminate()
    },
  }
}
