// A line for each room, and what happened to the rooms that ended.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const LINES = 8;
  const AREAS = 2; // with more rooms, areas hide each other
  const MARKED = 3; // relocations; on a phone there is room for the words of one
  const NAMED = 3; // in the legend of a phone
  const NOTHING = "No room is open.";
  const NARROW = 500; // pixels

  const placeKey = (place) => rw.keyOf(place.node, place.room);

  const placesOf = (relocations) => new Set(relocations.flatMap(({ from, to }) => [placeKey(from), to && placeKey(to)]));

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

  const narrow = () => innerWidth < NARROW;
  const inLegend = (room) => !narrow() || room.rank < NAMED;

  function traces(room, x, view, areas) {
    const colour = rw.colour(`room-${room.colour + 1}`);
    const name = words.inert(room.title || room.id);
    const many = view.service.nodes.length > 1;
    const line = {
      type: "scatter",
      mode: "lines",
      legendgroup: room.key,
      name: many ? `${name} @ ${words.inert(rw.nodeName(view.service, room.node), 20)}` : name,
      meta: name,
      x,
      y: room.participants,
      connectgaps: false,
      showlegend: inLegend(room),
      line: { color: colour, width: 2 },
      hovertemplate: "%{y:,.0f}  %{meta}<extra></extra>",
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

  // From when to when it was dark: up to the successor's opening. Where none is known, for as long as
  // nobody was in any room; while other rooms hold people, only the end is marked.
  function darkness({ to, at, dark_seconds: dark }, series) {
    if (to) return dark > 0 ? [at - dark, at] : [at, at];
    const after = series.time.findIndex((time) => time > at);
    const people = series.participants;
    const again = people.findIndex((n, i) => after >= 0 && i >= after && n > 0);
    return [at, again < 0 ? series.time[series.length - 1] : series.time[again]];
  }

  function band([from, to], x) {
    return {
      type: "rect",
      layer: "below",
      x0: x(from),
      x1: x(to),
      y0: 0,
      y1: 1,
      yref: "paper",
      line: { width: 0 },
      fillcolor: `${rw.colour("bad")}26`,
    };
  }

  const note = (x, y, text, colour, more) => ({ x, y, text, font: { size: 11, color: colour }, bgcolor: rw.colour("card"), arrowcolor: colour, arrowwidth: 1.5, arrowhead: 2, ...more });

  // Where the room was left: above its line, on the side where there is space.
  function departure(relocation, view, time, position) {
    const { cause, to, participants_before: before } = relocation;
    const moved = cause === "moved" && to;
    const text = moved ? `moved to ${words.inert(rw.nodeName(view.service, to.node), 20)}` : `ended ${words.people(before)}`;
    const side = position > 0.35 ? { xanchor: "right", ax: -8 } : { xanchor: "left", ax: 8 };
    return note(time, before, text, rw.colour(moved ? "text" : "bad-text"), { ...side, ay: -22 });
  }

  // At the end of the successor's line; below it where the words above would meet those of the departure.
  function arrival(relocation, view, line, x, crowded) {
    const last = line.participants.findLastIndex((n) => n !== null);
    const text = `${words.whole(relocation.carried_over)} carried over`;
    const place = { xanchor: "right", ax: -8, ay: crowded ? 26 : -30 };
    return note(x(view.series.time[last]), line.participants[last], text, rw.colour(`room-${line.colour + 1}`), place);
  }

  function mark(relocation, view, { range, x, line, top, wordy }) {
    const dark = darkness(relocation, view.series);
    const position = (time) => (time - range[0]) / Math.max(1, range[1] - range[0]);
    const width = position(dark[1]) - position(dark[0]);
    const annotations = [];
    const left = relocation.cause === "moved" || width > 0 || !relocation.to;
    if (left && words.known(relocation.participants_before)) {
      annotations.push(departure(relocation, view, x(dark[0]), position(dark[0])));
    }
    if (width > (narrow() ? 0.08 : 0.025)) {
      const middle = x((dark[0] + dark[1]) / 2);
      const text = `${words.duration(Math.round(dark[1] - dark[0]))} dark`;
      annotations.push(note(middle, 0.45, text, rw.colour("bad-text"), { yref: "paper", textangle: -90, showarrow: false, bgcolor: "rgba(0,0,0,0)" }));
    }
    if (relocation.to && words.known(relocation.carried_over) && line) {
      const now = rw.peak(line.participants.slice(-1)) ?? 0;
      annotations.push(arrival(relocation, view, line, x, position(dark[0]) > (narrow() ? 0.4 : 0.75) && now > top / 4));
    }
    return { shapes: width > 0 ? [band(dark, x)] : [], annotations: wordy ? annotations : [] };
  }

  const CEILINGS = { observed: "observed ceiling", config: "configured capacity", service: "capacity" };

  function ceiling({ service }, top) {
    const { capacity, source } = service.headroom;
    if (capacity === null || capacity > 1.5 * top) return { shapes: [], annotations: [] };
    const colour = rw.colour("warn-text");
    return {
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: capacity, y1: capacity, line: { color: colour, width: 1.5, dash: "dash" } }],
      annotations: [
        note(0.01, capacity, `${(!narrow() && CEILINGS[source]) || "capacity"} ${words.people(capacity)}`, colour, { xref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false }),
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
    const range = [series.time[0], series.time[series.length - 1]];
    const highest = Math.max(1, ...rooms.map((room) => room.peak));
    const top = ceiling(view, highest);
    const marks = relocations.slice(0, MARKED).map((each, i) => {
      const line = each.to && rooms.find((room) => room.key === placeKey(each.to));
      return mark(each, view, { range, x, line, top: highest, wordy: !narrow() || i === 0 });
    });
    const filled = placesOf(relocations.slice(0, 1));
    const unnamed = rooms.filter((room) => !inLegend(room)).length;
    return rw.figure(
      [
        ...rooms.flatMap((room) => traces(room, times, view, rooms.length <= AREAS || filled.has(room.key))),
        ...(unnamed ? [more(unnamed, times)] : []),
      ],
      {
        range,
        offset,
        revision: service.name,
        yaxis: { range: [0, Math.max(highest, top.shapes.length ? service.headroom.capacity : 0) * 1.18], ...tickformat(highest) },
        shapes: [...top.shapes, ...marks.flatMap((each) => each.shapes)],
        annotations: [...top.annotations, ...marks.flatMap((each) => each.annotations)],
      },
    );
  });
})();
