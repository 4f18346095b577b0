// A line for each room, what happened to the rooms that ended, and where it goes from here.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const LINES = 8;
  const AREAS = 2; // with more rooms, areas hide each other
  const NAMED = 22; // letters of a name in the legend, and of a node's
  const NAMED_NODE = 10;
  const ROWS = 2; // of the legend, on a phone one name a row
  const SAMPLE = 48; // pixels beside a name
  const MOST_AHEAD = 1.5; // of what was seen: a forecast does not make all else small
  const NOTHING = "No room is open.";

  const placesOf = (relocations) => new Set(relocations.flatMap(({ from, to }) => [rw.placeKey(from), to && rw.placeKey(to)]));

  // The rooms of the newest relocation that is not settled, then what is open or moving, then what has ended;
  // the largest first.
  function lines(series, service, relocations) {
    const unsettled = relocations.filter((each) => !each.settled);
    const newest = placesOf(unsettled.slice(0, 1));
    const living = placesOf(unsettled);
    for (const room of service ? service.rooms : []) if (room.state !== "ended") living.add(rw.keyOf(room.node, room.id));
    const ranked = [...series.rooms]
      .map(([key, room]) => ({ key, room, peak: rw.peak(room.participants) }))
      .sort((a, b) => newest.has(b.key) - newest.has(a.key) || living.has(b.key) - living.has(a.key) || b.peak - a.peak)
      .slice(0, LINES);
    series.paint(ranked.map(({ key }) => key), LINES);
    return ranked.map(({ key, room, peak }, rank) => ({ ...room, key, peak, rank })).sort((a, b) => a.colour - b.colour);
  }

  function shortName(room, { service }) {
    const name = words.inert(room.title || room.id, NAMED);
    return service.nodes.length > 1 ? `${name} @ ${words.inert(rw.nodeName(service, room.node), NAMED_NODE)}` : name;
  }

  // The most important rooms that the legend has room for; Plotly gives each name as much as the longest.
  function legend(rooms, view, more) {
    const widest = Math.max(...rooms.map((room) => rw.widthOf(shortName(room, view)))) + SAMPLE;
    const row = Math.max(1, Math.floor(rw.plotSize("concurrency").width / widest));
    const room = Math.max(ROWS, row * ROWS) - more;
    const most = rw.narrow() ? 3 : rooms.length <= room ? rooms.length : room - 1;
    return new Set(rooms.filter(({ rank }) => rank < most).map(({ key }) => key));
  }

  function traces(room, x, view, areas, named) {
    const colour = rw.colour(`room-${room.colour + 1}`);
    const name = words.inert(room.title || room.id, 80);
    const line = {
      type: "scatter",
      mode: "lines",
      legendgroup: room.key,
      name: shortName(room, view),
      customdata: x.map(() => name), // not `meta`, with which Plotly reads the name as a template
      x,
      y: room.participants,
      connectgaps: false,
      showlegend: named,
      line: { color: colour, width: 2 },
      hovertemplate: "%{y:,.0f}  %{customdata}<extra></extra>",
    };
    return areas ? [area(line, colour), line] : [line];
  }

  // Beside the line, because Plotly fills across a gap: what is not known has no area.
  const area = (line, colour) => ({
    ...line,
    ...upright(line),
    line: { width: 0 },
    fill: "tozeroy",
    fillcolor: `${colour}33`,
    showlegend: false,
    hovertemplate: undefined,
    hoverinfo: "skip",
  });

  // Zero where nothing is known; the edges between are upright, because nobody saw a fall or a rise.
  function upright({ x, y }) {
    const edges = { x: [], y: [] };
    const add = (time, people) => {
      edges.x.push(time);
      edges.y.push(people);
    };
    y.forEach((people, i) => {
      if (i && people === null && y[i - 1] !== null) add(x[i - 1], 0);
      if (i && people !== null && y[i - 1] === null) add(x[i], 0);
      add(x[i], people ?? 0);
    });
    return edges;
  }

  // Stands in the legend for the lines that it has no room for.
  const more = (count, x) => ({
    type: "scatter",
    mode: "lines",
    name: `+${count} more`,
    x: x.slice(-1),
    y: [null],
    line: { color: "rgba(0,0,0,0)" },
    hoverinfo: "skip",
  });

  const CEILINGS = { observed: "observed ceiling", config: "configured capacity", service: "capacity" };

  function ceiling({ service }, top) {
    const { capacity, source } = service.headroom;
    if (capacity === null || capacity > 1.5 * top) return { shapes: [], annotations: [] };
    const colour = rw.colour("warn-text");
    return {
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: capacity, y1: capacity, line: { color: colour, width: 1.5, dash: "dash" } }],
      annotations: [
        rw.label(0.01, capacity, `${(!rw.narrow() && CEILINGS[source]) || "capacity"} ${words.people(capacity)}`, colour, { xref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false }),
      ],
    };
  }

  function inWords(rooms, view) {
    const parts = rooms.map((room) => {
      const now = room.participants[room.participants.length - 1];
      return `${words.plain(room.title || room.id, 40)}: ${now === null ? "not there now" : words.people(now)}, at most ${words.people(room.peak)}`;
    });
    return parts.length ? `${parts.join("; ")}. Times in ${words.zone(view.offset)}.` : NOTHING;
  }

  // Where a time of the axis is, from 0 to 1.
  function acrossOf(range, x) {
    const [from, to] = range.map((time) => Date.parse(x(time)));
    return (time) => (Date.parse(time) - from) / Math.max(60_000, to - from); // the least that an axis shows
  }

  function tickformat(top) {
    if (top < 5) return { tickformat: "d", dtick: 1 };
    return { tickformat: top < 1000 ? "d" : "~s" };
  }

  rw.chart("concurrency", (view) => {
    const { service, series, offset } = view;
    const relocations = service ? rw.standing(service) : [];
    const rooms = lines(series, service, relocations);
    const empty = !rooms.length;
    rw.notes("concurrency", empty ? "people" : `people · ${words.day(series.time[series.length - 1], offset)}times in ${words.zone(offset)}`, inWords(rooms, view));
    if (empty) return rw.figure([], { offset, revision: "", nothing: service && service.observed_at !== null ? NOTHING : rw.waitingFor(service) });

    const x = (time) => rw.onAxis(time, offset);
    const times = series.time.map(x);
    const highest = Math.max(1, ...rooms.map((room) => room.peak));
    const top = ceiling(view, highest);
    const ahead = rw.forecast(view, rooms, x);
    const after = rw.afterwards(view, rooms, x);
    const range = [series.time[0], Math.max(ahead.until, after.until)];
    const marks = rw.lineage(view, relocations, rooms, { range, x, top: highest });
    const told = rw.timelineMarks(view, range, x);
    const filled = placesOf(relocations.filter((each) => each.cause !== "overflowed").slice(0, 1));
    const named = legend(rooms, view, ahead.traces.length ? 1 : 0);
    const highestDrawn = Math.max(highest, after.top, top.shapes.length ? service.headroom.capacity : 0, Math.min(ahead.top, MOST_AHEAD * highest));
    const upTo = highestDrawn * 1.18;
    const plot = { size: rw.plotSize("concurrency"), across: acrossOf(range, x), up: (people) => people / upTo };
    return rw.figure(
      [
        ...rooms.flatMap((room) => traces(room, times, view, rooms.length <= AREAS || filled.has(room.key), named.has(room.key))),
        ...ahead.traces,
        ...after.traces,
        ...(named.size < rooms.length ? [more(rooms.length - named.size, times)] : []),
        ...told.traces,
      ],
      {
        range,
        offset,
        revision: service.name,
        yaxis: { range: [0, upTo], ...tickformat(highest) },
        shapes: [...top.shapes, ...told.shapes, ...marks.shapes, ...after.shapes],
        annotations: rw.apart([...marks.annotations, ...top.annotations, ...told.annotations], plot),
      },
    );
  });
})();
