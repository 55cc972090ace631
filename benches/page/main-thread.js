/**
 * Milliseconds for which `work` keeps the page's main thread busy, with all tasks that it leads to until it resolves. As
 * the browser counts them, in CPU time: see ../devtools.mjs.
 */
export async function mainThreadTime(work) {
  const costs = [];
  let before = await busySeconds();
  for (let times = 0; times < 3; times += 1) {
    const next = await busySeconds();
    costs.push(next - before);
    before = next;
  }
  await work();
  // Asking keeps it busy as well.
  return 1000 * ((await busySeconds()) - before - Math.min(...costs));
}

async function busySeconds() {
  return (await fetch('/busy-seconds')).json();
}
