// Takes in frames, keeps the past, and has the board drawn: at most four times a second, never unseen.
(() => {
  "use strict";
  const rw = (window.roomwatch = window.roomwatch || {});
  const BETWEEN = 250; // ms
  const BETWEEN_CHARTS = 1000; // a graph costs more, and nobody sees a quarter of a second in it

  class Live {
    constructor(recent) {
      this.delays = []; // of the last frames, against this computer's clock
      this.drawn = 0;
      this.charted = { at: 0, frame: null };
      this.timer = null;
      this.dashIsHere = false;
      this.seq = recent.seq;
      rw.past.merge(recent);
      if (recent.frame) rw.frame = recent.frame;
    }

    start() {
      this.draw();
      if (!rw.moment) this.listen();
      setInterval(() => this.second(), 1000);
      document.addEventListener("visibilitychange", () => this.soon());
      new MutationObserver(() => this.put("scheme", Date.now())).observe(document.documentElement, {
        attributeFilter: ["data-mantine-color-scheme"],
      });
    }

    listen() {
      if (this.stream) this.stream.resume();
      else this.stream = new rw.SharedStream(() => this.seq, (kind, data) => this.take(kind, data));
    }

    // While the past is shown nothing is taken in.
    hush() {
      if (this.stream) this.stream.pause();
    }

    // What came since the newest frame; null where Roomwatch does not answer, which the stream then says.
    async missed() {
      try {
        const answer = await fetch(`/api/v1/recent?after=${this.seq}`);
        return answer.ok ? await answer.json() : null;
      } catch {
        return null;
      }
    }

    take(kind, data) {
      if (kind === "catchup") {
        rw.past.merge(data);
        if (data.frame) this.show(data.frame);
      } else if (kind === "frame") {
        rw.past.add(data);
        this.show(data);
        this.delays.push(Date.now() / 1000 - data.at);
        if (this.delays.length > 60) this.delays.shift();
      }
      this.soon();
    }

    show(frame) {
      if (rw.frame && frame.seq <= rw.frame.seq) return;
      rw.frame = frame;
      this.seq = frame.seq;
    }

    // The server's time now. This computer's clock may be off; the fastest of several frames tells by how much.
    // In the past it is the time of what is shown, so that every age is what it was.
    now() {
      if (rw.moment) return rw.frame ? rw.frame.at : 0;
      const skew = this.delays.length > 1 ? Math.min(...this.delays) : 0;
      return Date.now() / 1000 - skew;
    }

    second() {
      if (rw.moment) {
        if (!this.dashIsHere) this.draw();
        return;
      }
      this.stream.beat(rw.frame ? rw.frame.tick : 1);
      if (document.hidden) return;
      if (this.put("link", Date.now())) this.chart();
      else this.draw();
    }

    soon() {
      if (this.timer || document.hidden) return;
      this.timer = setTimeout(() => this.draw(), Math.max(0, this.drawn + BETWEEN - Date.now()));
    }

    draw() {
      clearTimeout(this.timer);
      this.timer = null;
      this.drawn = Date.now();
      if (this.put("frame", rw.frame)) this.chart();
      else for (const text of rw.texts) text(rw.choice);
    }

    // What is shown is of another time.
    redraw() {
      this.charted = { at: 0, frame: null };
      this.draw();
    }

    // The service named in the address, if there is such a one.
    choose(name) {
      const known = name in rw.settings.services || (rw.frame && rw.frame.services.some((each) => each.name === name));
      if (this.dashIsHere && known) window.dash_clientside.set_props("choice", { value: name });
    }

    chart() {
      const { at, frame } = this.charted;
      if (rw.frame === frame || Date.now() < at + BETWEEN_CHARTS) return;
      this.charted = { at: Date.now(), frame: rw.frame };
      this.put("past", Date.now());
    }

    // False until Dash has drawn its layout: set_props throws, or finds nobody, before that.
    put(id, data) {
      if (!document.getElementById("board")) return false;
      try {
        window.dash_clientside.set_props(id, { data });
      } catch {
        return false;
      }
      if (!this.dashIsHere) this.arrive();
      return true;
    }

    arrive() {
      this.dashIsHere = true;
      document.getElementById("first").remove();
      this.choose(new URLSearchParams(location.search).get("service") || "");
    }
  }

  rw.Live = Live;
})();
