// Alerts and notes among the numbers: their times on the charts, and the marks there.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words } = rw;
  const MARKED = 8; // alerts, and as many notes
  const LABELLED = [8, 2]; // on a screen, on a phone
  const LONGEST = 18; // letters of a label
  const HOVERED = 70;

  // The service's time at a wall time: as it was seen, and beyond that at the service's pace.
  rw.serviceTime = ({ series, service }, at) => {
    const { at: walls, time: times } = series;
    if (!walls.length) return at;
    const next = walls.findIndex((wall) => wall >= at);
    const pace = service && words.known(service.pace) ? service.pace : 1;
    if (next < 0) return times[times.length - 1] + (at - walls[walls.length - 1]) * pace;
    if (next === 0) return times[0] - (walls[0] - at) * pace;
    const share = (at - walls[next - 1]) / (walls[next] - walls[next - 1]);
    return times[next - 1] + share * (times[next] - times[next - 1]);
  };

  const about = (name, service) => name === "" || (service !== null && service.name === name);
  rw.isWatchdog = (alert) => alert.severity === "none";

  // What this view shows of the frame: alerts and notes of its services and of none.
  rw.timeline = ({ frame, services }) => {
    const named = new Set(["", ...services.map((service) => service.name)]);
    const shows = (name) => named.has(name) || services.length === frame.services.length; // nothing was chosen
    const alerts = frame ? frame.alerts || [] : [];
    return {
      alerts: alerts.filter((alert) => !rw.isWatchdog(alert) && shows(alert.subject.service)),
      notes: (frame ? frame.notes || [] : []).filter((note) => shows(note.service)),
      watchdog: alerts.filter(rw.isWatchdog).sort((a, b) => b.heard_at - a.heard_at)[0] || null,
    };
  };

  const TONES = { page: "bad", ticket: "warn" };
  const LANES = { page: 0.008, ticket: 0.028 }; // at the foot of the chart, one above the other
  const rule = (time, colour, dash) => ({ type: "line", x0: time, x1: time, y0: 0, y1: 1, yref: "paper", line: { color: colour, width: 1, dash }, opacity: 0.9 });

  // A bar at the foot of the chart for as long as it fired; where a page began a line and its name.
  function alertMark(alert, view, [from, to], x) {
    const tone = TONES[alert.severity];
    const lane = LANES[alert.severity];
    const begun = rw.serviceTime(view, alert.since);
    const ended = alert.ended_at === null ? to : Math.min(to, rw.serviceTime(view, alert.ended_at));
    if (ended < from || begun > to) return null;
    const bar = { type: "line", x0: x(Math.max(from, begun)), x1: x(Math.max(ended, from)), y0: lane, y1: lane, yref: "paper", line: { color: rw.colour(tone), width: 4 }, opacity: 0.85 };
    const seen = begun >= from;
    const lined = seen && alert.severity === "page";
    return {
      time: begun,
      seen,
      shapes: lined ? [bar, rule(x(begun), rw.colour(tone), "dash")] : [bar],
      text: lined ? words.inert(alert.subject.alert.replace(/^Rooms/, ""), LONGEST) : "",
      hover: `${words.inert(alert.subject.alert, LONGEST)}: ${words.inert(alert.summary, HOVERED)}`,
      colour: rw.colour(`${tone}-text`),
    };
  }

  function noteMark(note, view, [from, to], x) {
    const time = rw.serviceTime(view, note.at);
    if (time < from || time > to) return null;
    const colour = rw.colour("muted");
    const told = note.kind === "note" ? "" : "told: ";
    return { time, seen: true, shapes: [rule(x(time), colour, "dot")], text: `${told}${words.inert(note.text, LONGEST)}`, hover: `${told}${words.inert(note.text, HOVERED)}`, colour };
  }

  const label = ({ time, text, colour }, x) =>
    rw.label(x(time), 0.05, text, colour, { yref: "paper", textangle: -90, showarrow: false, xanchor: "right", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font: { size: 10, color: colour } });

  // What each mark says to whoever points at it, whether or not there is room for its name.
  const hovered = (marks, x) => ({
    type: "scatter",
    mode: "markers",
    showlegend: false,
    x: marks.map(({ time }) => x(time)),
    y: marks.map(() => 0),
    text: marks.map(({ hover }) => hover),
    marker: { color: marks.map(({ colour }) => colour), size: 7, symbol: "triangle-up" },
    hovertemplate: "%{text}<extra></extra>",
  });

  // Marks for a chart of `view.service` whose axis goes from `range[0]` to `range[1]`, service time.
  rw.timelineMarks = (view, range, x) => {
    const { alerts, notes } = rw.timeline(view);
    const marks = [
      ...alerts.filter((alert) => about(alert.subject.service, view.service)).slice(0, MARKED).map((alert) => alertMark(alert, view, range, x)),
      ...notes.filter((note) => about(note.service, view.service)).slice(0, MARKED).map((note) => noteMark(note, view, range, x)),
    ].filter(Boolean);
    const newest = marks.filter((mark) => mark.seen).sort((a, b) => b.time - a.time);
    return {
      shapes: marks.flatMap((mark) => mark.shapes),
      annotations: newest.filter((mark) => mark.text).slice(0, LABELLED[Number(rw.narrow())]).map((mark) => label(mark, x)),
      traces: newest.length ? [hovered(newest, x)] : [],
    };
  };
})();
