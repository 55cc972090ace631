/**
 * Milliseconds for which `work` keeps the page's main thread busy, with all tasks that it leads to until it resolves. As
 * the browser counts them, in CPU time: see ../devtools.mjs.
 */
export async function mainThreadTime(work) {
  const before = await taskSeconds();
  await work();
  return 1000 * ((await taskSeconds()) - before);
}

async function taskSeconds() {
  return (await fetch('/task-seconds')).json();
}
