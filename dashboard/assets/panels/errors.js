// The share of tries that failed, stacked by reason.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;

  // One colour a reason, always the same, and from the bottom of the stack to its top in this order.
  const COLOURS = {
    timeout: "bad",
    unavailable: "warn",
    room_full: "room-2",
    not_found: "room-1",
    refused: "room-5",
    rate_limited: "room-6",
    unauthorized: "room-7",
    no_media: "room-4",
    silent: "room-8",
    dns: "room-3",
    tls: "room-3",
    protocol: "room-3",
    aborted: "grey",
    other: "line",
  };
  const ORDER = Object.keys(COLOURS);
  const colourOf = (reason) => rw.colour(COLOURS[reason] || COLOURS.other);

  // What is not known has no height, and says so to whoever points at it.
  function trace(reason, shares, known, x) {
    const colour = colourOf(reason);
    return {
      type: "scatter",
      mode: "lines",
      name: words.inert(words.outcome(reason)),
      meta: words.inert(words.outcome(reason)),
      stackgroup: "reasons",
      x,
      y: shares.map((share) => share ?? 0),
      customdata: shares.map((share, i) => (known[i] === null ? "not known" : words.inert(words.percent(share ?? 0)))),
      line: { shape: "hv", width: 0.5, color: colour },
      fillcolor: colour,
      hovertemplate: "%{customdata}  %{meta}<extra></extra>",
    };
  }

  const sum = (values) => values.reduce((a, b) => a + (b ?? 0), 0);

  function inWords(reasons, service) {
    const door = service && service.door;
    if (!door || door.success_ratio === null) return "Not known.";
    const parts = reasons.map(([reason]) => `${words.outcome(reason)} ${words.percent(door.errors[reason] ?? 0)}`);
    return `${words.percent(door.success_ratio)} of tries get in. ${parts.join(", ")}`;
  }

  rw.chart("errors", ({ service, series, offset, settings }) => {
    const door = service ? service.door : null;
    const reasons = [...series.errors].filter(([, shares]) => sum(shares) > 0).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
    const observer = door && door.observer === "probe" ? " · seen by our joins" : "";
    rw.notes("errors", `share of tries${observer}`, inWords(reasons, service));
    const known = series.success.some((ratio) => ratio !== null);
    if (!reasons.length) {
      const nothing = known ? "No join has failed." : service && service.observed_at !== null ? rw.noDoor(settings) : rw.waitingFor(service);
      return rw.figure([], { offset, revision: "", nothing });
    }
    const x = series.time.map((time) => rw.onAxis(time, offset));
    const top = Math.max(0.02, ...series.success.map((ratio) => (ratio === null ? 0 : 1 - ratio)));
    return rw.figure(
      reasons.map(([reason, shares]) => trace(reason, shares, series.success, x)),
      {
        range: [series.time[0], series.time[series.length - 1]],
        offset,
        revision: service.name,
        yaxis: { range: [0, Math.min(1, top * 1.1)], tickformat: top < 0.05 ? ".1%" : ".0%" },
      },
    );
  });
})();
