// Where the people are heading if they go on as just now: a dashed line with a band, some minutes long.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const [SHORTEST, LONGEST] = [60, 600]; // seconds of service time
  const PART = 0.2; // of the time that is shown
  const NEARLY_ALL = 0.9; // of the people: the service's growth is that of this room

  // From `people` at `from` on, never below 0 nor above `most`.
  function path(from, until, people, growth, most) {
    const bound = growth > 0 ? Math.max(most ?? Infinity, people) : 0;
    const reached = growth ? from + (bound - people) / growth : Infinity;
    if (reached >= until) return [[from, people], [until, people + growth * (until - from)]];
    return [[from, people], [reached, bound], [until, bound]];
  }

  // What is known of how a room of the chart grows, or null. A room's own capacity goes before the service's.
  function growthOf(line, { service }) {
    const room = service.rooms.find((each) => rw.keyOf(each.node, each.id) === line.key);
    const people = line.participants[line.participants.length - 1];
    if (!room || room.state === "ended" || !people) return null;
    const { growth, growth_low: low, growth_high: high, capacity } = service.headroom;
    if (words.known(growth) && people >= NEARLY_ALL * service.participants) {
      return { people, growth, low: low ?? growth, high: high ?? growth, most: room.capacity ?? capacity };
    }
    const { seconds_to_full: left, capacity: most } = room;
    if (!(left > 0) || !(most > people)) return null;
    const own = (most - people) / left;
    return { people, growth: own, low: own, high: own, most };
  }

  const shared = (colour, name) => ({ type: "scatter", mode: "lines", name, hoverinfo: "skip", legendgroup: "forecast", line: { color: colour, width: 2, dash: "dot" } });

  function traces(found, from, until, colour, x, first) {
    const to = (growth) => path(from, until, found.people, growth, found.most);
    const points = (list) => ({ x: list.map(([time]) => x(time)), y: list.map(([, people]) => people) });
    const band = [...to(found.high), ...to(found.low).reverse()];
    const line = { ...shared(colour, "forecast"), ...points(to(found.growth)), showlegend: first };
    if (found.low === found.high) return [line];
    const area = { ...shared(colour, "forecast"), ...points(band), line: { width: 0 }, fill: "toself", fillcolor: `${colour}29`, showlegend: false };
    return [area, line];
  }

  // Traces, until when they reach, and the highest point among them. None while people are not all counted.
  rw.forecast = (view, lines, x) => {
    const { service, series } = view;
    const now = series.time[series.length - 1];
    const until = now + Math.min(LONGEST, Math.max(SHORTEST, PART * (now - series.time[0])));
    const told = service.complete && service.participants > 0 && !rw.isOld(service);
    const growing = (told ? lines : []).map((line) => [line, growthOf(line, view)]).filter(([, found]) => found);
    const drawn = growing.flatMap(([line, found], i) => traces(found, now, until, rw.colour(`room-${line.colour + 1}`), x, i === 0));
    return { traces: drawn, until: drawn.length ? until : now, top: Math.max(0, ...drawn.flatMap((trace) => trace.y)) };
  };
})();
