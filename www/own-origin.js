const STATUS_DEADLINE_MILLISECONDS = 5000;
const COMMAND_DEADLINE_MILLISECONDS = 30_000;

/** What the page's own origin answers at `path`: JSON, or null where nothing there gives any. */
export async function readStatus(path) {
  try {
    const response = await fetch(path, {
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(STATUS_DEADLINE_MILLISECONDS),
    });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Has the page's own origin do what `path` names; throws an error that says what went wrong. */
export async function command(path) {
  const response = await fetch(path, {
    method: 'POST',
    signal: AbortSignal.timeout(COMMAND_DEADLINE_MILLISECONDS),
  });
  if (!response.ok) throw new Error((await response.json()).error);
}
