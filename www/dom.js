/** The element with `data-role="name"` inside `root`; throws where the page has none. */
export function byRole(root, name) {
  const found = root.querySelector(`[data-role="${name}"]`);
  if (found === null) throw new Error(`no element with data-role="${name}"`);
  return found;
}

/**
 * Creates an element. `attributes` are set as attributes, `null` ones left out; `children` are
 * nodes or text.
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) created.setAttribute(name, value);
  }
  created.append(...children);
  return created;
}

/** Calls `action` when the button is pressed, unless it is unavailable at that moment. */
export function onPress(button, action) {
  button.addEventListener('click', (event) => {
    if (button.getAttribute('aria-disabled') === 'true') {
      event.preventDefault();
      return;
    }
    action();
  });
}

/**
 * Marks a button as usable or not. `aria-disabled` in place of `disabled`, so that a button which
 * becomes unavailable through its own press keeps the keyboard focus.
 */
export function setAvailable(button, available) {
  button.setAttribute('aria-disabled', String(!available));
}

/** Removes the last children of `list` until at most `limit` are left. */
export function keepNewest(list, limit) {
  while (list.childElementCount > limit) list.lastElementChild.remove();
}

/** Local time of day with milliseconds, as `09:05:01.042`. */
export function clockTime(date = new Date()) {
  const padded = (value, width) => String(value).padStart(width, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => padded(part, 2));
  return `${time.join(':')}.${padded(date.getMilliseconds(), 3)}`;
}

/** A duration in milliseconds in words short enough for a list: `3 ms`, `4.2 s`, `2 min`. */
export function shortDuration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** Any value as one line of text: strings and errors plain, everything else as JSON. */
export function asText(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Puts a text into an input; the cursor stays between the characters where it was, as far as they are still there. */
export function replaceText(input, text) {
  const { value, selectionStart, selectionEnd } = input;
  // Setting the same would move the cursor, too.
  if (value === text) return;
  const most = Math.min(value.length, text.length);
  let head = 0;
  while (head < most && value[head] === text[head]) head += 1;
  let tail = 0;
  while (tail < most - head && value.at(-1 - tail) === text.at(-1 - tail)) tail += 1;
  const moved = (place) => {
    if (place <= head) return place;
    return place >= value.length - tail ? place + text.length - value.length : text.length - tail;
  };
  input.value = text;
  if (document.activeElement === input) input.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}
