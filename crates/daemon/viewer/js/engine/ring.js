// The newest samples of one topic: typed arrays of fixed size, written by packets, read by the painter.
//
// A sample's place is its *position*: it counts from 0 at the topic's first sample and runs on through gaps, so that a
// missing second takes up a second on the screen.

/** A sample that never came. */
export const MISSING = 1;
/** A sample that does not follow from the one before it, though none is known to be missing between them. */
export const BREAK = 2;

export class SampleRing {
  /**
   * @param {number} channels
   * @param {number} capacity  in frames
   */
  constructor(channels, capacity) {
    this.channels = channels;
    this.capacity = capacity;
    /** Interleaved, `[frame][channel]`, in display units. */
    this.values = new Float32Array(channels * capacity);
    /** MISSING and BREAK, one byte a frame. */
    this.marks = new Uint8Array(capacity);
    /** Position one past the newest sample. */
    this.end = 0;
    /** Position of the first sample that this ring was given. */
    this.first = 0;
  }

  /** Position of the oldest sample still held. */
  get start() {
    return Math.max(this.first, this.end - this.capacity);
  }

  /**
   * @param {Int32Array | Float32Array} values  `[frame][channel]`
   * @param {number} frames
   * @param {Float64Array} scale  display units of one, per channel
   * @param {boolean} breakBefore
   */
  append(values, frames, scale, breakBefore) {
    const { channels, capacity } = this;
    const first = Math.max(0, frames - capacity);
    for (let frame = first; frame < frames; frame++) {
      const slot = (this.end + frame) % capacity;
      const to = slot * channels;
      const from = frame * channels;
      for (let c = 0; c < channels; c++) {
        this.values[to + c] = /** @type {number} */ (values[from + c]) * /** @type {number} */ (scale[c]);
      }
      this.marks[slot] = breakBefore && frame === 0 ? BREAK : 0;
    }
    this.end += frames;
  }

  /**
   * Leaves room for samples that never came.
   * @param {number} frames
   */
  skip(frames) {
    const marked = Math.min(frames, this.capacity);
    for (let frame = frames - marked; frame < frames; frame++) {
      this.marks[(this.end + frame) % this.capacity] = MISSING;
    }
    this.end += frames;
  }

  /**
   * @param {number} position  between `start` and `end`
   * @returns {number} 0, MISSING or BREAK
   */
  mark(position) {
    return /** @type {number} */ (this.marks[position % this.capacity]);
  }

  /**
   * A ring of another capacity with the newest samples of this one; also the way to keep a picture of this one.
   * @param {number} capacity  in frames
   * @returns {SampleRing}
   */
  copy(capacity = this.capacity) {
    const { channels } = this;
    const other = new SampleRing(channels, capacity);
    other.end = this.end;
    other.first = Math.max(this.start, this.end - capacity);
    // In runs that wrap in neither of the two.
    for (let position = other.first; position < this.end; ) {
      const from = position % this.capacity;
      const to = position % capacity;
      const run = Math.min(this.end - position, this.capacity - from, capacity - to);
      other.marks.set(this.marks.subarray(from, from + run), to);
      other.values.set(this.values.subarray(from * channels, (from + run) * channels), to * channels);
      position += run;
    }
    return other;
  }
}
