// The board in the past: what history holds of one moment in place of the newest frame, paused.
// `/?at=…` opens it; links of class `moment` lead there and back without loading the page again.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const MINUTE = 60;
  const GAP = 90; // seconds without a board kept: there is one a minute at least while Roomwatch runs
  const MOST_LATER = 8; // lines
  const LIVE = "Roomwatch";

  // What is shown of the past: { asked, window, trouble }, or null on the live board. Neither window nor
  // trouble: it is being fetched.
  rw.moment = null;
  rw.later = new rw.Past();
  const asked = () => new URLSearchParams(location.search);
  rw.choice = asked().get("service") || "";

  // Where the board at wall time `at` is; the live one where it is null.
  rw.addressOf = (at) => {
    const query = new URLSearchParams();
    if (at !== null) query.set("at", String(Math.ceil(at * 1000) / 1000));
    if (rw.choice) query.set("service", rw.choice);
    return query.size ? `/?${query}` : "/";
  };

  // The wall time at which a service's `time` was first seen; null where that is not known.
  rw.wallOf = ({ service, series }, time) => {
    const point = series.time.findIndex((each) => each >= time);
    if (point > 0) return series.at[point];
    const { service_time: there, observed_at: here, pace } = service;
    if (there === null || here === null) return there === here ? null : time;
    return here - (there - time) / (pace || 1);
  };

  rw.momentLink = (key, at, text, more = {}) => h("a", { key, className: "moment", href: rw.addressOf(at), ...more }, text);

  // What stands where nothing is known, on a board of the past.
  rw.waitingForMoment = () => (rw.moment.window ? "No answer had come by then." : rw.moment.trouble ? "Nothing is shown." : "Fetching what was seen then.");

  async function fetched(at) {
    let answer;
    try {
      answer = await fetch(`/api/v1/recent?${new URLSearchParams({ at })}`);
      if (answer.ok) return { window: await answer.json() };
    } catch {
      return { trouble: "Roomwatch did not answer, so nothing of the past can be shown." };
    }
    return { trouble: words.plain(await rw.sentenceOf(answer), 300) };
  }

  class Moments {
    constructor(live) {
      this.live = live;
      this.kept = null; // the live board's, while the past is shown
      this.turn = 0;
      addEventListener("popstate", () => this.follow());
      document.addEventListener("click", (event) => this.click(event));
    }

    // Before anything is drawn: an address with a moment shows nothing of the present.
    begin() {
      if (asked().get("at") === null) return;
      this.show({ asked: asked().get("at") });
      this.follow();
    }

    click(event) {
      const link = event.target.closest("a.moment");
      if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      history.pushState(null, "", link.getAttribute("href"));
      this.follow();
    }

    // What is shown stays until the other is there.
    async follow() {
      const turn = (this.turn += 1);
      const at = asked().get("at");
      const found = at === null ? await this.live.missed() : await fetched(at);
      if (turn !== this.turn) return;
      if (at === null) this.back(found);
      else this.show({ asked: at, ...found });
      this.live.choose(asked().get("service") || "");
    }

    show(moment) {
      if (!rw.moment) {
        this.kept = { frame: rw.frame, past: rw.past };
        this.live.hush();
      }
      rw.moment = moment;
      rw.frame = moment.window ? moment.window.frame : null;
      [rw.past, rw.later] = [new rw.Past(), new rw.Past()];
      if (moment.window) {
        rw.past.merge(moment.window);
        rw.later.merge({ services: moment.window.later });
      }
      document.documentElement.dataset.moment = moment.window ? "shown" : moment.trouble ? "none" : "coming";
      this.live.redraw();
    }

    back(missed) {
      if (!rw.moment) return;
      rw.moment = null;
      rw.later = new rw.Past();
      Object.assign(rw, this.kept);
      delete document.documentElement.dataset.moment;
      if (missed) this.live.take("catchup", missed);
      this.live.listen();
      this.live.redraw();
    }
  }

  const localOffset = (at) => -60 * new Date(at * 1000).getTimezoneOffset();
  const told = (time, offset) => `${words.clock(time, offset)} on ${words.day(time, offset).replace(/, $/, "")}`;

  function whenOf({ frame, service, offset }) {
    const time = service ? service.service_time ?? frame.at : frame.at;
    const wall = service && rw.isReplay(service) ? ` (wall time ${told(frame.at, localOffset(frame.at))})` : "";
    return [told(time, offset), wall];
  }

  const step = (text, at, title) =>
    at === null ? h("span", { key: text, className: "step off", "aria-disabled": true }, text) : rw.momentLink(text, at, text, { className: "moment step", title });

  function steps({ frame, service }) {
    const { before, after } = rw.moment.window;
    const minute = MINUTE / Math.max(1, (service && service.pace) || 1); // of what the board counts in
    return h(
      "nav",
      { key: "steps", className: "steps", "aria-label": "Other moments" },
      step("− 1 min", before === null ? null : frame.at - minute),
      step("previous", before, "the board that was kept before this one"),
      step("next", after, "the board that was kept after this one"),
      step("+ 1 min", after === null ? null : Math.max(after, frame.at + minute)),
    );
  }

  const back = () => rw.momentLink("back", null, "Back to live", { className: "moment back" });

  function gap({ frame }) {
    const wanted = rw.moment.window.asked;
    if (wanted - frame.at < GAP) return null;
    const zone = localOffset(wanted);
    return h("p", { key: "gap", className: "gap" }, `Nothing was kept from then until ${told(wanted, zone)}, which was asked for: Roomwatch did not watch, or that is gone.`);
  }

  rw.text("moment", (view) => {
    if (!rw.moment) {
      document.title = LIVE;
      return null;
    }
    if (!rw.moment.window) {
      document.title = `The past · ${LIVE}`;
      const sentence = rw.moment.trouble || "Fetching what was seen then …";
      return h("div", { className: "moment-bar", role: "status" }, h("p", { key: "when" }, h("b", null, "The past. "), sentence), back());
    }
    const [time, wall] = whenOf(view);
    document.title = `${time} · ${LIVE}`;
    return h(
      "div",
      { className: "moment-bar", role: "status" },
      h("p", { key: "when" }, h("b", null, "The past: "), h("b", { className: "when" }, time), wall, ". Paused."),
      steps(view),
      back(),
      gap(view),
    );
  });

  // What came after, on the chart of this moment: thin lines, grey for rooms that were not there yet; and
  // where the moment is.
  rw.afterwards = ({ service, series }, lines, x) => {
    const later = rw.moment && rw.later.of(service.name);
    if (!later || !series.length) return { traces: [], shapes: [], until: -Infinity, top: 0 };
    const now = series.time.length - 1;
    const times = [series.time[now], ...later.time];
    const known = new Map(lines.map((line) => [line.key, line]));
    const rooms = [...later.rooms].slice(0, MOST_LATER);
    const traces = rooms.map(([key, room]) => ({
      type: "scatter",
      mode: "lines",
      name: "later",
      legendgroup: key,
      showlegend: false,
      connectgaps: false,
      x: times.map(x),
      y: [known.has(key) ? known.get(key).participants[now] : null, ...room.participants],
      line: { color: rw.colour(known.has(key) ? `room-${known.get(key).colour + 1}` : "grey"), width: 1.5 },
      opacity: 0.5,
      hovertemplate: "%{y:,.0f}  later<extra></extra>",
    }));
    const here = { type: "line", x0: x(times[0]), x1: x(times[0]), y0: 0, y1: 1, yref: "paper", line: { color: rw.colour("past"), width: 1.5 } };
    return { traces, shapes: [here], until: times[times.length - 1], top: Math.max(0, ...rooms.map(([, room]) => rw.peak(room.participants) ?? 0)) };
  };

  rw.Moments = Moments;
})();
