// One event stream, and one leader among this browser's tabs who holds it for all of them.
// A browser allows six connections an origin over HTTP/1.1, so ten tabs cannot each have their own.
(() => {
  "use strict";
  const rw = (window.roomwatch = window.roomwatch || {});
  const NAME = "roomwatch-live";
  const LEADER_SILENT = 10_000; // ms without a word from the tab that holds the stream
  const SERVER_SILENT = 20_000; // ms without a word from the server, or ten ticks
  const AGAIN_AFTER = [1_000, 30_000]; // ms before the first try of our own, and the longest wait

  // Opens /live, and opens it again for as long as it takes. `tell(kind, data)`: open, frame, catchup, lost.
  class Stream {
    constructor(newest, tell) {
      this.newest = newest; // () => the number of the newest frame
      this.tell = tell;
      this.fails = 0;
      this.open();
    }

    open() {
      this.source = new EventSource(`/live?after=${this.newest()}`);
      this.heard = Date.now();
      this.source.onopen = () => this.tell("open");
      for (const kind of ["frame", "catchup"]) this.source.addEventListener(kind, (event) => this.hear(kind, event));
      this.source.addEventListener("bye", () => this.tell("lost"));
      this.source.onerror = () => this.broken();
    }

    hear(kind, event) {
      this.heard = Date.now();
      this.fails = 0;
      let data;
      try {
        data = JSON.parse(event.data);
      } catch {
        return; // cut off in the middle; the next one is whole
      }
      this.tell(kind, data);
    }

    // The browser tries again by itself, as the server's `retry:` says, unless it gave up for good.
    broken() {
      this.tell("lost");
      if (this.source.readyState === EventSource.CLOSED) this.again();
    }

    again() {
      this.source.close();
      clearTimeout(this.timer);
      const [first, longest] = AGAIN_AFTER;
      const wait = Math.min(longest, first * 2 ** this.fails++) * (0.5 + Math.random());
      this.heard = Date.now() + wait;
      this.timer = setTimeout(() => this.open(), wait);
    }

    // Called every second: a connection may be dead and not say so, or never come about.
    check(tick) {
      if (Date.now() - this.heard < Math.max(SERVER_SILENT, tick * 10_000)) return;
      if (this.source.readyState !== EventSource.OPEN) this.tell("lost");
      this.again();
    }

    close() {
      clearTimeout(this.timer);
      this.source.close();
    }
  }

  // `tell(kind, data)` is called in every tab, whoever holds the stream.
  class SharedStream {
    constructor(newest, tell) {
      this.newest = newest;
      this.tell = tell;
      this.stream = null; // only in the leader
      this.lost = null; // since when, in ms
      this.heard = Date.now();
      this.paused = false;
      this.shared = "locks" in navigator && "BroadcastChannel" in window;
      addEventListener("pagehide", () => this.leave());
      addEventListener("pageshow", (event) => event.persisted && !this.paused && this.enter());
      this.enter();
    }

    enter() {
      if (!this.shared) {
        this.lead();
        return;
      }
      this.channel = new BroadcastChannel(NAME);
      this.channel.onmessage = ({ data }) => this.follow(data);
      this.queue();
    }

    // Whoever has the lock leads; when its tab closes, the next in the queue has it.
    queue(options = {}) {
      const waiting = (this.waiting = new AbortController());
      const ask = options.steal ? options : { signal: waiting.signal };
      navigator.locks
        .request(NAME, ask, () => this.lead())
        .catch(() => {
          if (this.waiting !== waiting || waiting.signal.aborted) return;
          this.resign(); // another tab took over because this one was silent
          this.queue();
        });
    }

    lead() {
      this.stream = new Stream(this.newest, (kind, data) => this.pass(kind, data));
      return new Promise((resolve) => {
        this.letGo = resolve;
      });
    }

    pass(kind, data) {
      this.lost = kind === "lost" ? this.lost || Date.now() : null;
      this.tell(kind, data);
      if (this.channel) this.channel.postMessage({ kind, data, lost: this.lost });
    }

    follow({ kind, data, lost }) {
      if (this.stream) return;
      this.heard = Date.now();
      this.lost = lost;
      if (kind !== "beat") this.tell(kind, data);
    }

    // Called every second.
    beat(tick) {
      if (this.stream) {
        this.stream.check(tick);
        if (this.channel) this.channel.postMessage({ kind: "beat", lost: this.lost });
      } else if (this.channel && !document.hidden && Date.now() - this.heard > LEADER_SILENT) {
        this.heard = Date.now();
        this.waiting.abort();
        this.queue({ steal: true });
      }
    }

    resign() {
      if (this.stream) this.stream.close();
      this.stream = null;
      this.heard = Date.now();
      if (this.letGo) this.letGo();
    }

    // Takes in nothing, and lets another tab lead, until `resume`.
    pause() {
      this.paused = true;
      this.leave();
      this.lost = null;
    }

    resume() {
      if (!this.paused) return;
      this.paused = false;
      this.heard = Date.now();
      this.enter();
    }

    leave() {
      if (this.waiting) this.waiting.abort();
      this.resign();
      if (this.channel) this.channel.close();
      this.channel = null;
    }
  }

  rw.SharedStream = SharedStream;
})();
