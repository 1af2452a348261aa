// Packets a second of every stage, from two answers of the daemon and the time between them.

export class Rates {
  constructor() {
    /** @type {{time_s: number, packets: Map<string, number>} | null} */
    this.before = null;
    /** @type {Map<string, number>} */
    this.perSecond = new Map();
  }

  /** @param {import("../shell/answers.js").Pipeline} pipeline */
  note({ time_s, status }) {
    const packets = new Map([...status].map(([id, { packetsIn, packetsOut }]) => [id, Math.max(packetsIn || 0, packetsOut || 0)]));
    const { before } = this;
    const span_s = before === null ? NaN : time_s - before.time_s;
    if (before !== null && span_s < 0.5) return;
    this.before = { time_s, packets };
    if (before === null || !(span_s < 60)) return;
    this.perSecond = new Map([...packets].map(([id, n]) => [id, Math.max(0, n - (before.packets.get(id) ?? n)) / span_s]));
  }
}
