/** Notes until `end()` for how many milliseconds the page is kept from anything else, at the longest. */
export function watchBlocks() {
  const channel = new MessageChannel();
  let last = performance.now();
  let longestBlock = 0;
  channel.port1.onmessage = () => {
    const now = performance.now();
    longestBlock = Math.max(longestBlock, now - last);
    last = now;
    channel.port2.postMessage(null);
  };
  channel.port2.postMessage(null);
  return {
    end() {
      channel.port1.close();
      return longestBlock;
    },
  };
}
