// A line for each room, and what happened to the rooms that ended.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const LINES = 8;
  const AREAS = 3; // with more rooms, areas hide each other
  const MARKED = 3; // relocations
  const NOTHING = "No room is open.";
  const NARROW = 500; // pixels

  const placeKey = (place) => rw.keyOf(place.node, place.room);

  // The rooms of relocations first, then the largest.
  function lines(series, relocations) {
    const followed = new Set(relocations.flatMap(({ from, to }) => [placeKey(from), to && placeKey(to)]));
    return [...series.rooms]
      .map(([key, room]) => ({ ...room, key, peak: rw.peak(room.participants), followed: followed.has(key) }))
      .sort((a, b) => b.followed - a.followed || b.peak - a.peak)
      .slice(0, LINES)
      .sort((a, b) => a.colour - b.colour);
  }

  function traces(room, x, view, areas) {
    const colour = rw.colour(`room-${(room.colour % LINES) + 1}`);
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
      line: { color: colour, width: 2 },
      hovertemplate: "%{y:,.0f}  %{meta}<extra></extra>",
    };
    return areas ? [area(line, colour), line] : [line];
  }

  // Beside the line, because Plotly fills across a gap: what is not known has no area.
  const area = (line, colour) => ({
    ...line,
    y: line.y.map((n) => n ?? 0),
    line: { width: 0 },
    fill: "tozeroy",
    fillcolor: `${colour}33`,
    showlegend: false,
    hovertemplate: undefined,
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

  const note = (x, y, text, colour, more) => ({ x, y, text, font: { size: 11, color: colour }, arrowcolor: colour, arrowwidth: 1.5, arrowhead: 2, ...more });

  function mark(relocation, view, range, x, line) {
    const dark = darkness(relocation, view.series);
    const marks = { shapes: [], annotations: [] };
    if (dark[1] > dark[0] || !relocation.to) {
      const before = relocation.participants_before;
      marks.shapes.push(band(dark, x));
      marks.annotations.push(note(x(dark[0]), before, `ended ${words.people(before)}`, rw.colour("bad-text"), { ax: -52, ay: -4 }));
      if ((dark[1] - dark[0]) / (range[1] - range[0]) > (innerWidth < NARROW ? 0.08 : 0.025)) {
        const middle = x((dark[0] + dark[1]) / 2);
        marks.annotations.push(
          note(middle, 0.45, `${Math.round(dark[1] - dark[0])} s dark`, rw.colour("bad-text"), { yref: "paper", textangle: -90, showarrow: false }),
        );
      }
    }
    if (relocation.to && words.known(relocation.carried_over) && line) {
      const last = line.participants.findLastIndex((n) => n !== null);
      const colour = rw.colour(`room-${(line.colour % LINES) + 1}`);
      marks.annotations.push(
        note(x(view.series.time[last]), line.participants[last], `${words.whole(relocation.carried_over)} carried over`, colour, { ax: -56, ay: -34 }),
      );
    }
    return marks;
  }

  const CEILINGS = { observed: "observed ceiling", config: "configured capacity", service: "capacity" };

  function ceiling({ service }, top) {
    const { capacity, source } = service.headroom;
    if (capacity === null || capacity > 1.5 * top) return { shapes: [], annotations: [] };
    const colour = rw.colour("warn-text");
    return {
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: capacity, y1: capacity, line: { color: colour, width: 1.5, dash: "dash" } }],
      annotations: [
        note(0.01, capacity, `${CEILINGS[source] || "capacity"} ${words.people(capacity)}`, colour, { xref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false }),
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
    const rooms = lines(series, relocations);
    const empty = !rooms.length;
    rw.notes("concurrency", empty ? "people" : `people · ${words.day(series.time[series.length - 1], offset)}times in ${words.zone(offset)}`, inWords(rooms, view));
    if (empty) return rw.figure([], { offset, revision: "", nothing: service && service.observed_at !== null ? NOTHING : rw.waitingFor(service) });

    const x = (time) => rw.onAxis(time, offset);
    const times = series.time.map(x);
    const range = [series.time[0], series.time[series.length - 1]];
    const highest = Math.max(1, ...rooms.map((room) => room.peak));
    const top = ceiling(view, highest);
    const marks = relocations.slice(0, MARKED).map((each) =>
      mark(each, view, range, x, each.to && rooms.find((room) => room.key === placeKey(each.to))),
    );
    return rw.figure(
      rooms.flatMap((room) => traces(room, times, view, rooms.length <= AREAS)),
      {
        range,
        offset,
        revision: service.name,
        yaxis: { range: [0, Math.max(highest, top.shapes.length ? service.headroom.capacity : 0) * 1.12], ...tickformat(highest) },
        shapes: [...top.shapes, ...marks.flatMap((each) => each.shapes)],
        annotations: [...top.annotations, ...marks.flatMap((each) => each.annotations)],
      },
    );
  });
})();
