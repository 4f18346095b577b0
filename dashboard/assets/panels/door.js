// Tries per second in bars: who got in, and who was turned away for what.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const MOST_BARS = 40;
  const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800]; // seconds of service time
  const INSTANT = 1e-3; // what one answer after a silence tells of the time before it

  const widthOf = (span) => WIDTHS.find((width) => span / width <= MOST_BARS) ?? WIDTHS[WIDTHS.length - 1];

  // `each(bucket, seconds)` for every bucket that reaches into a stretch of time, with how much of it.
  function spread(from, to, width, each) {
    for (let bucket = Math.floor(from / width); bucket * width <= to; bucket += 1) {
      const seconds = Math.min(to, (bucket + 1) * width) - Math.max(from, bucket * width);
      if (seconds > 0) each(bucket, seconds);
    }
  }

  // The mean rate of `rates` in each bucket, by the bucket's number; a rate is of the time since the one before.
  function averages(rates, times, width) {
    const sums = new Map();
    rates.forEach((rate, i) => {
      if (!words.known(rate)) return;
      const known = i > 0 && words.known(rates[i - 1]);
      const from = known ? Math.min(times[i - 1], times[i] - INSTANT) : times[i] - INSTANT;
      spread(from, times[i], width, (bucket, seconds) => {
        const sum = sums.get(bucket) || { people: 0, seconds: 0 };
        sums.set(bucket, { people: sum.people + rate * seconds, seconds: sum.seconds + seconds });
      });
    });
    return new Map([...sums].map(([bucket, { people, seconds }]) => [bucket, people / seconds]));
  }

  // Of the tries those with a share; not known where either is not.
  const portion = (series, shares) => series.tries.map((tries, i) => (words.known(tries) && words.known(shares[i]) ? tries * shares[i] : tries === 0 ? 0 : null));

  function trace(name, colour, rates, { series, width, offset }) {
    const bars = averages(rates, series.time, width);
    const buckets = [...bars.keys()].sort((a, b) => a - b);
    return {
      type: "bar",
      name,
      meta: name,
      x: buckets.map((bucket) => rw.onAxis((bucket + 0.5) * width, offset)),
      y: buckets.map((bucket) => bars.get(bucket)),
      customdata: buckets.map((bucket) => words.rate(bars.get(bucket))),
      width: width * 850, // ms
      marker: { color: colour, line: { width: 0 } },
      hovertemplate: "%{customdata}/s  %{meta}<extra></extra>",
    };
  }

  function traces(series, how) {
    const turnedAway = rw.reasonsOf(series).map(([reason, shares]) =>
      trace(words.inert(words.outcome(reason)), rw.reasonColour(reason), portion(series, shares), how),
    );
    return [trace("admitted", rw.colour("good"), portion(series, series.success), how), ...turnedAway];
  }

  function inWords(door) {
    if (!door || !words.known(door.tries_per_second)) return "Not known.";
    const rate = (share) => words.rate(door.tries_per_second * share);
    const parts = Object.entries(door.errors).map(([reason, share]) => `${words.outcome(reason)} ${rate(share)}`);
    const admitted = words.known(door.success_ratio) ? `, ${rate(door.success_ratio)} admitted` : "";
    return `${words.rate(door.tries_per_second)} tries per second, ${rw.observer(door)}${admitted}. ${parts.join(", ")}`;
  }

  // One source against others: "people: list 5,000, counters 4,200, since 18:03:00".
  function disagreement({ what, sources, since }, offset) {
    const told = (value) => (typeof value === "number" ? words.people(value) : words.plain(value, 40));
    const each = (sources || []).map(([name, value]) => `${words.plain(name, 40)} ${told(value)}`).join(", ");
    const begun = words.known(since) ? `, since ${words.clock(since, offset)}` : "";
    return `Sources disagree on ${words.plain(what, 60)}: ${each}${begun}.`;
  }

  function foot(service, offset) {
    const door = service.door || {};
    const each = words.known(door.tries_per_person) ? `: ${door.tries_per_person.toFixed(1)} tries a person` : "";
    return [
      door.storm && `A retry storm${each}.`,
      ...(service.disagreements || []).map((found) => disagreement(found, offset)),
      words.known(door.waiting) && door.waiting_basis && words.plain(`${words.people(door.waiting)} waiting: ${door.waiting_basis}`, 300),
    ]
      .filter(Boolean)
      .join(" ");
  }

  rw.chart("door", (view) => {
    const { service, series, offset, settings } = view;
    const door = service ? service.door : null;
    rw.notes("door", door ? `tries per second · ${rw.observer(door)}` : "tries per second", inWords(door), service ? foot(service, offset) : "");
    if (!series.tries.some(words.known)) {
      const nothing = service && service.observed_at !== null ? (door ? "Tries are not counted yet." : rw.noDoor(settings)) : rw.waitingFor(service);
      return rw.figure([], { offset, revision: "", nothing });
    }
    const range = [series.time[0], series.time[series.length - 1]];
    const width = widthOf(range[1] - range[0]);
    const shown = [Math.floor(range[0] / width) * width, Math.ceil(range[1] / width) * width];
    const marks = rw.timelineMarks(view, shown, (time) => rw.onAxis(time, offset));
    return rw.figure([...traces(series, { series, width, offset }), ...marks.traces], {
      range: shown,
      shapes: marks.shapes,
      offset,
      revision: service.name,
      barmode: "stack",
      yaxis: { tickformat: "~s" },
    });
  });
})();
