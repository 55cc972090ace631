const seconds = (count) => new Promise((done) => setTimeout(done, count * 1000));

/**
 * Plays one outage from beginning to end and says what happens.
 *
 * @param network the `NetworkControl`
 * @param robin whom to send away meanwhile: `{ come, go }`
 * @param tell called with each step in words
 */
export async function playOutage({ network, robin, tell }) {
  robin.come();
  tell('Both write, everything arrives.');
  await seconds(2);
  await network.fail('refuse');
  tell('The network is cut. Both go on writing.');
  await seconds(3);
  robin.go();
  tell('Meanwhile Robin leaves.');
  await seconds(4);
  await network.fail('none');
  tell('The network works again.');
  await seconds(9);
  robin.come();
  await seconds(1);
}
