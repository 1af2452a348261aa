// Starts the page: finds the topics, opens the connection, and keeps the truth bar true.

import { Backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import { fetchPipeline, fetchTopics } from "./daemon.js";
import { MessageError, topicsOfAddress } from "./messages.js";
import { Page } from "./page.js";
import { Settings } from "./settings.js";
import { verdict } from "./verdict.js";

const ASK_EVERY_MS = 2000;
const TELL_EVERY_MS = 250;

const chosen = topicsOfAddress(location.search);
const page = new Page(new Settings(() => localStorage));
const connection = new Connection(
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/data`,
  {
    open: (url) => new WebSocket(url),
    now_ms: () => Date.now(),
    later: (run, delay_ms) => setTimeout(run, delay_ms),
    cancel: (timer) => clearTimeout(timer),
  },
  {
    onText: (message) => page.onText(message),
    onFrame: (message) => page.onFrame(message),
    onState: () => {
      if (connection.state === "connecting") page.onNewConnection();
      // Back again: perhaps with another pipeline.
      if (connection.state === "open") void ask();
      tell();
    },
  },
);

/** @type {import("./messages.js").Pipeline | null} */
let pipeline = null;
/** @type {string | null} */
let badAnswer = null;
let retryAt_ms = NaN;
let asking = false;
const patience = new Backoff();

/** Asks the daemon what there is. While the connection is lost nothing is asked: its own attempts tell enough. */
async function ask() {
  if (asking || connection.state === "connecting" || (connection.state === "waiting" && connection.wasOpen)) return;
  if (Date.now() < retryAt_ms) return;
  asking = true;
  try {
    pipeline = await fetchPipeline();
    const topics = chosen ?? (await fetchTopics());
    badAnswer = null;
    retryAt_ms = NaN;
    patience.reset();
    // An idle pipeline has no topics; what was shown stays, and goes on when it runs again.
    if (topics.length > 0) {
      page.show(topics);
      connection.want(topics);
    }
  } catch (error) {
    badAnswer = error instanceof MessageError ? error.message : null;
    if (connection.state !== "open") retryAt_ms = Date.now() + patience.next();
  } finally {
    asking = false;
    tell();
  }
}

/** Shows how things are. */
function tell() {
  const topics = page.scopes().map((scope) => scope.topic);
  const now_ms = Date.now();
  // NaN while nothing has failed yet.
  const retryIn_s = Number.isFinite(connection.retryAt_ms)
    ? connection.retryIn_s
    : Math.max(0, Math.ceil((retryAt_ms - now_ms) / 1000));
  page.toolbar.showPipeline(pipeline);
  page.truth.showStates(connection.state, connection.state === "open" || !connection.wasOpen ? pipeline : null);
  page.truth.showVerdict(
    verdict({
      now_ms,
      connection: connection.state,
      wasOpen: connection.wasOpen,
      retryIn_s,
      badAnswer,
      pipeline,
      rejected: page.rejected,
      rejectedWhy: page.rejectedWhy,
      lastRejected_ms: page.lastRejected_ms,
      frozenSince_ms: page.frozenSince_ms,
      topics,
    }),
  );
  for (const topic of topics) page.truth.showTopic(topic);
  for (const scope of page.scopes()) scope.showTags();
}

addEventListener("online", () => connection.hurry());
setInterval(() => void ask(), ASK_EVERY_MS);
setInterval(tell, TELL_EVERY_MS);
void ask();
