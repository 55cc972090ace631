const WINDOW_MILLISECONDS = 30_000;
const FRAME_MILLISECONDS = 40;
/** Between frames for those who asked for reduced motion. */
const CALM_FRAME_MILLISECONDS = 1000;
const BAR_HEIGHT = 13;
/** From the middle of a bar to what is drawn beside it. */
const BESIDE = BAR_HEIGHT / 2 + 3;
const CROSS = 4;
/** Where the lines of a chat come close to one another, in pixels. */
const NARROW = 500;
const MOST_MESSAGES = 2000;

/**
 * Draws the last half minute: one bar per lane, coloured by state, and every message as a line from the lane and moment
 * it was sent to the lane and moment it arrived. What is on its way is a ring, what is lost a cross.
 */
export class Timeline {
  #canvas;
  #context;
  #lanes;
  #colours = {};
  #messages = new Map();
  #lastFrameAt = -Infinity;
  #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

  /**
   * `laneNames` from top to bottom; each lane has the colour that the style sheet gives to the property of its name.
   */
  constructor(canvas, laneNames) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    canvas.style.setProperty('--lanes', laneNames.length);
    this.#lanes = new Map(laneNames.map((name, index) => [name, { index, spans: [] }]));
    new ResizeObserver(() => this.#adapt()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#adapt());
    this.#adapt();
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** The lane is in a state of this tone from now on: 'good', 'busy' or 'bad'; `words` are written into it. */
  state(laneName, tone, words = '') {
    const { spans } = this.#lanes.get(laneName);
    const last = spans.at(-1);
    if (last?.tone !== tone || last.words !== words) spans.push({ since: performance.now(), tone, words });
  }

  /** Something was sent; `key` names it. */
  sent(key, laneName) {
    this.#messages.set(key, { from: laneName, sentAt: performance.now() });
    if (this.#messages.size > MOST_MESSAGES) this.#messages.delete(this.#messages.keys().next().value);
  }

  arrived(key, laneName) {
    const message = this.#messages.get(key);
    if (message !== undefined) Object.assign(message, { to: laneName, arrivedAt: performance.now(), isLost: false });
  }

  lost(key) {
    const message = this.#messages.get(key);
    if (message !== undefined) message.isLost = true;
  }

  #adapt() {
    const { clientWidth, clientHeight } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * scale);
    this.#canvas.height = Math.round(clientHeight * scale);
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    const style = getComputedStyle(this.#canvas);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.#colours = {
      good: colour('good'),
      busy: colour('busy'),
      bad: colour('bad'),
      grid: colour('line'),
      surface: colour('surface'),
      'on-good': colour('on-good'),
      'on-busy': colour('on-busy'),
      'on-bad': colour('on-bad'),
      ...Object.fromEntries([...this.#lanes.keys()].map((name) => [name, colour(name)])),
    };
    this.#lastFrameAt = -Infinity;
  }

  #frame(now) {
    requestAnimationFrame((next) => this.#frame(next));
    const interval = this.#reducedMotion.matches ? CALM_FRAME_MILLISECONDS : FRAME_MILLISECONDS;
    if (now - this.#lastFrameAt < interval) return;
    this.#lastFrameAt = now;
    this.#forget(now - WINDOW_MILLISECONDS);
    this.#draw(now);
  }

  #forget(horizon) {
    for (const { spans } of this.#lanes.values()) {
      while (spans.length > 1 && spans[1].since < horizon) spans.shift();
    }
    for (const [key, message] of this.#messages) {
      const end = message.arrivedAt ?? message.sentAt;
      if (end < horizon) this.#messages.delete(key);
    }
  }

  #draw(now) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = this.#context;
    const x = (time) => width * (1 - (now - time) / WINDOW_MILLISECONDS);
    const laneHeight = height / this.#lanes.size;
    const y = (laneName) => (this.#lanes.get(laneName).index + 0.5) * laneHeight;

    context.clearRect(0, 0, width, height);
    this.#drawGrid(width, height);
    for (const [name, { spans }] of this.#lanes) {
      context.fillStyle = this.#colours.grid;
      context.fillRect(0, y(name) - 1, width, 2);
      spans.forEach(({ since, tone, words }, index) => {
        const start = Math.max(0, x(since));
        const end = index + 1 < spans.length ? x(spans[index + 1].since) : width;
        context.fillStyle = this.#colours[tone];
        // States shorter than a pixel are widened to one: passing through them is the story.
        context.fillRect(start, y(name) - BAR_HEIGHT / 2, Math.max(1, end - start), BAR_HEIGHT);
        this.#drawWords(words, this.#colours[`on-${tone}`], { start, end, y: y(name) });
      });
    }
    for (const message of this.#messages.values()) this.#drawMessage(message, x, y);
  }

  #drawGrid(width, height) {
    this.#context.fillStyle = this.#colours.grid;
    for (let part = 1; part < 6; part += 1) {
      this.#context.fillRect(Math.round((width * part) / 6), 0, 1, height);
    }
  }

  #drawWords(words, colour, { start, end, y }) {
    const context = this.#context;
    context.font = '600 11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    if (words === '' || context.measureText(words).width > end - start - 12) return;
    context.fillStyle = colour;
    context.fillText(words, start + 6, y + 0.5);
  }

  #drawMessage({ from, sentAt, to, arrivedAt, isLost }, x, y) {
    const context = this.#context;
    context.strokeStyle = this.#colours[from];
    context.lineWidth = 2;
    // Beside the bars, so that these can be read.
    const { index } = this.#lanes.get(from);
    const down = index > (to === undefined ? (this.#lanes.size - 1) / 2 : this.#lanes.get(to).index) ? -1 : 1;
    const start = [x(sentAt), y(from) + down * BESIDE];
    if (isLost) return this.#drawCross(...start);
    if (to !== undefined) {
      const end = [x(arrivedAt), y(to) - down * BESIDE];
      context.beginPath();
      context.moveTo(...start);
      context.lineTo(...end);
      context.stroke();
      this.#drawDot(...end, this.#colours[from]);
    }
    this.#drawDot(...start, to === undefined ? this.#colours.surface : this.#colours[from]);
  }

  #drawDot(x, y, fill) {
    const context = this.#context;
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, this.#canvas.clientWidth < NARROW ? 2 : 3, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  #drawCross(x, y) {
    const context = this.#context;
    context.strokeStyle = this.#colours.bad;
    context.beginPath();
    context.moveTo(x - CROSS, y - CROSS);
    context.lineTo(x + CROSS, y + CROSS);
    context.moveTo(x - CROSS, y + CROSS);
    context.lineTo(x + CROSS, y - CROSS);
    context.stroke();
  }
}
