/** The places where two lists of lines differ: what each has there. */
export function compare(theirs, ours) {
  const longest = Array.from({ length: theirs.length + 1 }, () => new Array(ours.length + 1).fill(0));
  for (let left = theirs.length - 1; left >= 0; left -= 1) {
    for (let right = ours.length - 1; right >= 0; right -= 1) {
      longest[left][right] =
        theirs[left] === ours[right]
          ? longest[left + 1][right + 1] + 1
          : Math.max(longest[left + 1][right], longest[left][right + 1]);
    }
  }
  const places = [];
  let [left, right] = [0, 0];
  let place;
  while (left < theirs.length || right < ours.length) {
    if (left < theirs.length && right < ours.length && theirs[left] === ours[right]) {
      [left, right, place] = [left + 1, right + 1, undefined];
      continue;
    }
    if (!place) places.push((place = { theirs: [], ours: [] }));
    if (right === ours.length || (left < theirs.length && longest[left + 1][right] >= longest[left][right + 1])) {
      place.theirs.push(theirs[left++]);
    } else {
      place.ours.push(ours[right++]);
    }
  }
  return places;
}
