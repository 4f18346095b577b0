// How one logical room went on, as marks on the concurrency chart: its end, the dark, the link to its
// successor, and how many followed. What is only proposed is dashed, and says "maybe".
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const MARKED = 4; // relocations; on a phone there is room for the words of one
  const NARROW = 500; // pixels

  rw.narrow = () => innerWidth < NARROW;
  rw.placeKey = (place) => rw.keyOf(place.node, place.room);

  // Words in the chart; the text is inert already.
  rw.label = (x, y, text, colour, more) => ({ x, y, text, font: { size: 11, color: colour }, bgcolor: rw.colour("card"), arrowcolor: colour, arrowwidth: 1.5, arrowhead: 2, ...more });

  const maybe = (relocation, text) => (rw.isMaybe(relocation) ? `maybe ${text}` : text);

  // From when to when it was dark: up to the successor's opening. Where none is known, for as long as
  // nobody was in any room; while other rooms hold people, only the end is marked.
  function darkness({ to, at, dark_seconds: dark }, series) {
    if (to) return dark > 0 ? [at - dark, at] : [at, at];
    const after = series.time.findIndex((time) => time > at);
    const people = series.participants;
    const again = people.findIndex((n, i) => after >= 0 && i >= after && n > 0);
    return [at, again < 0 ? series.time[series.length - 1] : series.time[again]];
  }

  function band(relocation, [from, to], x) {
    const colour = rw.colour("bad");
    const outline = rw.isMaybe(relocation) ? { line: { width: 1, color: colour, dash: "dash" } } : { line: { width: 0 }, fillcolor: `${colour}26` };
    return { type: "rect", layer: "below", x0: x(from), x1: x(to), y0: 0, y1: 1, yref: "paper", ...outline };
  }

  // From where the people were to where they went on; a dark band says so itself.
  function link(relocation, [from, to], { line, x, series }) {
    const style = { color: rw.colour(`room-${line.colour + 1}`), width: 1.5, dash: rw.isMaybe(relocation) ? "dot" : "solid" };
    const first = line.participants.findIndex((n, i) => n !== null && series.time[i] >= to);
    const there = first < 0 ? 0 : line.participants[first];
    return { type: "line", layer: "below", x0: x(from), y0: relocation.participants_before, x1: x(to), y1: there, line: style, opacity: 0.7 };
  }

  const stillOpen = ({ from }, service) => service.rooms.some((room) => room.state !== "ended" && rw.keyOf(room.node, room.id) === rw.placeKey(from));

  // Where the room was left: above its line, on the side where there is space.
  function departure(relocation, { service }, time, position) {
    const { to, participants_before: before } = relocation;
    const moved = rw.isMove(relocation);
    const ended = stillOpen(relocation, service) ? "left by" : "ended";
    const text = moved ? `moved to ${words.inert(rw.nodeName(service, to.node), 20)}` : `${ended} ${words.people(before)}`;
    const side = position > 0.35 ? { xanchor: "right", ax: -8 } : { xanchor: "left", ax: 8 };
    return rw.label(time, before, text, rw.colour(moved ? "text" : "bad-text"), { ...side, ay: -22 });
  }

  // Where on the successor's line the words stand: now, or where it had as many as are counted as carried over.
  function carriedAt({ at, participants_now: now }, { series }, line, over) {
    const last = line.participants.findLastIndex((n) => n !== null);
    if (!over) return last;
    const reached = line.participants.findIndex((n, i) => series.time[i] >= at && n !== null && n >= now);
    return reached < 0 ? last : reached;
  }

  // In the middle of the plot where it would meet the words of a departure otherwise.
  function arrival(relocation, view, line, x, { over, crowded }) {
    const point = carriedAt(relocation, view, line, over);
    const text = maybe(relocation, `${words.whole(relocation.carried_over)} carried over`);
    const colour = rw.colour(`room-${line.colour + 1}`);
    const place = over ? { xanchor: "left", ax: 8 } : { xanchor: "right", ax: -8 };
    return rw.label(x(view.series.time[point]), line.participants[point], text, colour, { ...place, ay: crowded || over ? 28 : -30 });
  }

  const upright = (x, y, text, colour, more) => rw.label(x, y, text, colour, { textangle: -90, showarrow: false, bgcolor: "rgba(0,0,0,0)", yanchor: "middle", ...more });

  // A room that opened beside a full one: nothing ended.
  function beside(relocation, { x, line, series }) {
    const { at, participants_before: full } = relocation;
    const text = maybe(relocation, "overflow");
    return {
      shapes: [link(relocation, [at, at], { line, x, series })],
      annotations: [upright(x(at), full / 2, text, rw.colour(`room-${line.colour + 1}`), { xanchor: "right" })],
    };
  }

  function gone(relocation, view, { position, x, line, top, over }) {
    const dark = darkness(relocation, view.series);
    const width = position(dark[1]) - position(dark[0]);
    const known = words.known(relocation.participants_before);
    const arrives = line && words.known(relocation.carried_over);
    const annotations = [];
    if (known) annotations.push(departure(relocation, view, x(dark[0]), position(dark[0])));
    if (rw.narrow() ? width > 0.08 && !arrives : width > 0.02) {
      const text = maybe(relocation, `${words.duration(Math.round(dark[1] - dark[0]))} dark`);
      annotations.push(upright(x((dark[0] + dark[1]) / 2), 0.7, text, rw.colour("bad-text"), { yref: "paper" }));
    }
    if (arrives) {
      const now = rw.peak(line.participants.slice(-1)) ?? 0;
      const crowded = position(dark[0]) > (rw.narrow() ? 0.4 : 0.75) && Math.abs(now - relocation.participants_before) < top / 3;
      annotations.push(arrival(relocation, view, line, x, { over, crowded }));
    }
    if (width > 0) return { shapes: [band(relocation, dark, x)], annotations };
    const shapes = line && known ? [link(relocation, dark, { line, x, series: view.series })] : [];
    return { shapes, annotations };
  }

  // `range`: first and last time on the axis; `lines`: the rooms that are drawn.
  rw.lineage = (view, relocations, lines, { range, x, top }) => {
    const position = (time) => (time - range[0]) / Math.max(1, range[1] - range[0]);
    const left = new Set(relocations.filter((each) => each.cause !== "overflowed").map((each) => rw.placeKey(each.from)));
    const marks = relocations.slice(0, MARKED).map((relocation, i) => {
      const line = relocation.to && lines.find((each) => each.key === rw.placeKey(relocation.to));
      const over = Boolean(relocation.to) && (relocation.settled || left.has(rw.placeKey(relocation.to)));
      const overflow = relocation.cause === "overflowed";
      if (overflow && !line) return { shapes: [], annotations: [] };
      const mark = overflow ? beside(relocation, { x, line, series: view.series }) : gone(relocation, view, { position, x, line, top, over });
      return rw.narrow() && i > 0 ? { ...mark, annotations: [] } : mark;
    });
    return { shapes: marks.flatMap((mark) => mark.shapes), annotations: marks.flatMap((mark) => mark.annotations) };
  };
})();
