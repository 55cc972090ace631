import { messageKey } from './traffic.js';

const WINDOW_MILLISECONDS = 30_000;
const FRAME_MILLISECONDS = 40;
/** Between frames for those who asked for reduced motion. */
const CALM_FRAME_MILLISECONDS = 1000;
const BAR_HEIGHT = 10;
const MOST_MESSAGES = 2000;

/**
 * Draws the last half minute: one bar per lane, coloured by state, and every message as a line from
 * the lane and moment it was published to the lane and moment it arrived.
 */
export class Timeline {
  #canvas;
  #context;
  #lanes;
  #colours = {};
  #messages = new Map();
  #lastFrameAt = -Infinity;
  #reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

  /** `laneNames` from top to bottom. */
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

  /** The lane is in a state of this tone from now on: 'good', 'busy' or 'bad'. */
  state(laneName, tone) {
    this.#lanes.get(laneName).spans.push({ since: performance.now(), tone });
  }

  published(event, { name, sender, sequence }) {
    this.#messages.set(messageKey(event, sender, sequence), { from: name, publishedAt: performance.now() });
    if (this.#messages.size > MOST_MESSAGES) {
      this.#messages.delete(this.#messages.keys().next().value);
    }
  }

  delivered(event, { sender, sequence }, laneName) {
    const message = this.#messages.get(messageKey(event, sender, sequence));
    if (message === undefined) return;
    message.to = laneName;
    message.arrivedAt = performance.now();
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
      A: colour('client-a'),
      B: colour('client-b'),
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
      const end = message.arrivedAt ?? message.publishedAt;
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
      spans.forEach(({ since, tone }, index) => {
        const start = Math.max(0, x(since));
        const end = index + 1 < spans.length ? x(spans[index + 1].since) : width;
        context.fillStyle = this.#colours[tone];
        // States shorter than a pixel are widened to one: passing through them is the story.
        context.fillRect(start, y(name) - BAR_HEIGHT / 2, Math.max(1, end - start), BAR_HEIGHT);
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

  #drawMessage({ from, publishedAt, to, arrivedAt }, x, y) {
    const context = this.#context;
    context.strokeStyle = this.#colours[from];
    context.lineWidth = 2;
    if (to !== undefined) {
      context.beginPath();
      context.moveTo(x(publishedAt), y(from));
      context.lineTo(x(arrivedAt), y(to));
      context.stroke();
      this.#drawDot(x(arrivedAt), y(to), this.#colours[from]);
    }
    this.#drawDot(x(publishedAt), y(from), to === undefined ? this.#colours.surface : this.#colours[from]);
  }

  #drawDot(x, y, fill) {
    const context = this.#context;
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}
