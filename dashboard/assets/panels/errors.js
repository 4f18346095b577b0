// The share of tries that failed, stacked by reason.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;

  // What is not known has no height, and says so to whoever points at it.
  function trace(reason, shares, known, x) {
    const colour = rw.reasonColour(reason);
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

  function inWords(reasons, service) {
    const door = service && service.door;
    if (!door || door.success_ratio === null) return "Not known.";
    const parts = reasons.map(([reason]) => `${words.outcome(reason)} ${words.percent(door.errors[reason] ?? 0)}`);
    return `${words.percent(door.success_ratio)} of tries get in. ${parts.join(", ")}`;
  }

  rw.chart("errors", ({ service, series, offset, settings }) => {
    const door = service ? service.door : null;
    const reasons = rw.reasonsOf(series);
    rw.notes("errors", door ? `share of tries · ${rw.observer(door)}` : "share of tries", inWords(reasons, service));
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
