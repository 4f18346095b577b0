// What several panels draw alike.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  // `right` are the columns that hold numbers.
  rw.table = (caption, columns, right, rows, className = "") =>
    h(
      "div",
      { key: caption, className: "scroll" },
      h(
        "table",
        { className },
        h("caption", { className: "unseen" }, caption),
        h(
          "thead",
          null,
          h("tr", null, ...columns.map((name, i) => h("th", { key: name, scope: "col", className: right.includes(i) ? "num" : "" }, name))),
        ),
        h("tbody", null, ...rows),
      ),
    );

  rw.bar = (key, share, tone) =>
    h(
      "span",
      { key, className: "bar", "aria-hidden": true },
      words.known(share) && h("span", { className: tone, style: { width: `${Math.min(100, Math.max(0, share * 100))}%` } }),
    );

  // Relocations that are not rejected, the newest first.
  rw.standing = (service) => service.relocations.filter((each) => each.status !== "rejected").sort((a, b) => b.at - a.at);

  rw.isMove = ({ cause, from, to }) => Boolean(to) && (cause === "moved" || from.room === to.room);

  // What somebody still has to judge. A room that ended has ended, whoever succeeds it.
  rw.isMaybe = (relocation) => relocation.status === "proposed";
  rw.counts = (relocation) => !rw.isMaybe(relocation) || relocation.cause === "succeeded";

  rw.waitingFor = (service) => {
    if (rw.moment) return rw.waitingForMoment();
    if (!service) return "Waiting for the first frame.";
    const settings = rw.settings.services[service.name];
    const nodes = settings ? settings.nodes.map((node) => words.plain(node.label || node.id)) : [];
    return nodes.length ? `Waiting for the first answer from ${nodes.join(", ")}.` : "Waiting for the first answer.";
  };

  rw.nodeName = (service, id) => {
    const node = service.nodes.find((each) => each.id === id);
    return words.plain((node && node.label) || id, 40);
  };

  rw.noJoin = "No join probe is configured: add `join:` to the service.";
  rw.noDoor = (settings) => (settings && !settings.joins ? rw.noJoin : "no join has been counted yet");

  // Lines of at most some thirty letters; the breaks are ours, the text is inert.
  const broken = (text) => words.inert(text, 160).replace(/(.{20,32}?) /g, "$1<br>");

  const empty = (text) => ({
    text: broken(text),
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: 0.5,
    y: 0.5,
    font: { size: 13, color: rw.colour("muted") },
  });

  // A time on the axis. Without a zone, because Plotly would move a number into the viewer's.
  rw.onAxis = (time, offset) => new Date((time + offset) * 1000).toISOString().slice(0, -1);

  // The look that all figures share. `range`: first and last time; `nothing`: the words for an empty figure.
  rw.figure = (traces, { range, offset, revision, yaxis, shapes = [], annotations = [], nothing, barmode }) => {
    const axis = {
      gridcolor: rw.colour("line"),
      zeroline: false,
      tickfont: { color: rw.colour("muted"), size: 11 },
      fixedrange: false,
    };
    const shown = range && [range[0], Math.max(range[1], range[0] + 60)];
    const span = shown ? shown[1] - shown[0] : 0;
    return {
      data: traces,
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: "inherit", size: 11, color: rw.colour("muted") },
        margin: { l: 46, r: 8, t: 30, b: 26 },
        showlegend: traces.length > 0,
        legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: barmode ? 10 : 11 }, itemclick: "toggle", traceorder: "normal" },
        barmode,
        hovermode: "x unified",
        hoverlabel: { bgcolor: rw.colour("card"), bordercolor: rw.colour("line"), font: { color: rw.colour("text") } },
        dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
        uirevision: `${revision} ${rw.moment ? rw.moment.asked : ""}`,
        xaxis: {
          ...axis,
          type: "date",
          hoverformat: "%H:%M:%S",
          tickformat: span > 86400 ? "%e %b %H:%M" : span > 300 ? "%H:%M" : "%H:%M:%S",
          range: shown && shown.map((time) => rw.onAxis(time, offset)),
          visible: Boolean(range),
          ticklabelstandoff: 5,
        },
        yaxis: { ...axis, rangemode: "tozero", ticksuffix: " ", ...yaxis, visible: Boolean(range), fixedrange: true },
        shapes,
        annotations: range ? annotations : [empty(nothing)],
      },
    };
  };
})();
