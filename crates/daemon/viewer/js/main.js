// Starts the page.

import { topicsOfAddress } from "./shell/answers.js";
import { Daemon } from "./shell/daemon.js";
import { Page } from "./shell/page.js";
import { Settings } from "./shell/settings.js";

const daemon = new Daemon(topicsOfAddress(location.search));
new Page(daemon, new Settings(() => localStorage));
daemon.start();
