// The head of the page: what is watched, how old it is, and in words when it is not fresh.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  rw.text("about", ({ service, event }) => {
    if (!service) return h("span", null, rw.moment ? "" : "waiting for the first frame");
    const name = event ? `${words.plain(event.title)} · ${service.name}` : service.name;
    return [
      h("span", { key: "name", className: "cut" }, name),
      rw.isReplay(service) && h("span", { key: "pace", className: "chip" }, pace(service.pace)),
    ];
  });

  const pace = (x) => (words.known(x) && Math.abs(x - 1) > 0.05 ? `replay ×${Number(x.toPrecision(2))}` : "replay");

  rw.isOld = (service) => {
    const settings = rw.settings.services[service.name];
    const interval = service.poll_interval ?? (settings ? settings.every : 1);
    return service.observed_at !== null && rw.live.now() - service.observed_at > patience(rw.frame, interval);
  };

  // The reasons of an unknown state say themselves that no answer has come.
  rw.saysItIsOld = (service) => rw.stateOf(service) === "unknown" && freshness({ frame: rw.frame, service }).kind === "old";

  // How long a service may be silent before its numbers count as old.
  const patience = (frame, interval) => Math.max(2.5, 2 * interval + 2 * frame.tick);

  function freshness({ frame, service }) {
    const lost = rw.live && rw.live.stream ? rw.live.stream.lost : null;
    const age = service && service.observed_at !== null ? rw.live.now() - service.observed_at : null;
    if (rw.moment) return { kind: service && age !== null && rw.isOld(service) ? "was old" : "past", age };
    if (lost) return { kind: "lost", age, since: (Date.now() - lost) / 1000 };
    if (!service) return { kind: "waiting", age };
    if (!frame.prober.alive) return { kind: "stopped", age };
    if (age === null) return { kind: "waiting", age };
    return { kind: rw.isOld(service) ? "old" : "live", age };
  }

  const counted = (seconds) => words.duration(Math.max(1, Math.round(seconds)));

  const NOTICES = {
    lost: ({ since }) => `Connection lost ${counted(since)} ago; trying again.`,
    stopped: () => "The prober has stopped; it is being started again.",
    old: ({ age }) => `Data is ${counted(age)} old: no newer answer has come.`,
    "was old": ({ age }) => `The newest answer was ${counted(age)} old then.`,
  };
  const SAID = { lost: "Connection lost; trying again.", stopped: "The prober has stopped.", old: "The data is old." };

  function notice(fresh, { service, offset }) {
    const sentence = NOTICES[fresh.kind];
    if (!sentence || (service && rw.saysItIsOld(service))) return null;
    const time = service ? service.service_time ?? service.observed_at : null;
    const shown = time === null ? "" : ` What you see is from ${words.clock(time, offset)}.`;
    return h("p", { className: `notice ${fresh.kind}` }, sentence(fresh), shown);
  }

  function elapsed({ service, event }) {
    if (!service || !event || event.starts_at === null || service.service_time === null) return null;
    const seconds = service.service_time - event.starts_at;
    return h(
      "span",
      { key: "t", className: "elapsed", title: `since the start of ${words.plain(event.title)}` },
      h("small", null, seconds < 0 ? "T−" : "T+"),
      h("b", null, words.countdown(seconds)),
    );
  }

  const PILLS = { live: "fresh", old: "old", stopped: "old", waiting: "waiting", lost: "lost", past: "past", "was old": "old" };

  // In place of the age: the clock of what is shown, which stands still.
  const paused = ({ service, frame, offset }) =>
    h("span", { key: "age", className: "pill past" }, h("i", { className: "dot", "aria-hidden": true }), words.clock(service ? service.service_time ?? frame.at : frame.at, offset));

  rw.text("clock", (view) => {
    const fresh = freshness(view);
    document.documentElement.dataset.fresh = PILLS[fresh.kind];
    rw.draw("notice-body", notice(fresh, view), h("span", { className: "unseen", role: "status" }, SAID[fresh.kind] || ""));
    if (rw.moment) return [elapsed(view), rw.moment.window && paused(view)];
    return [
      elapsed(view),
      view.frame && rw.momentLink("hold", view.frame.at, "pause", { className: "moment hold", title: "the board at this moment, under an address to share" }),
      h(
        "span",
        { key: "age", className: `pill ${PILLS[fresh.kind]}` },
        h("i", { className: "dot", "aria-hidden": true }),
        fresh.age === null ? "no answer yet" : `${words.age(fresh.age)} old`,
      ),
    ];
  });
})();
