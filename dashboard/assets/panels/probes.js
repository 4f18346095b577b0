// How the probes' last runs ended.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  function last(probe) {
    if (probe.outcome === "ok") return `${words.age(Math.max(0, rw.live.now() - probe.observed_at))} ago`;
    if (probe.outcome === "joined") return `got in, ${words.duration(probe.seconds)}`;
    return words.outcome(probe.outcome);
  }

  function row(probe) {
    const code = probe.code ? ` (${words.plain(probe.code, 40)})` : "";
    return h(
      "tr",
      { key: `${probe.name} ${probe.node}` },
      h("th", { scope: "row" }, `${words.plain(probe.name, 40)} · ${words.plain(probe.node, 40)}`),
      h(
        "td",
        { className: probe.success ? "good" : "bad" },
        h("i", { className: "dot", "aria-hidden": true }),
        last(probe),
        !probe.success && code,
        !probe.success && probe.detail && h("span", { className: "detail" }, words.plain(probe.detail, 300)),
      ),
      h("td", { className: "num" }, words.duration(probe.p95 ?? null)),
      h("td", { className: "num" }, words.percent(probe.success_ratio ?? null)),
    );
  }

  rw.text("probes", ({ service, settings }) => {
    const probes = service ? service.probes : [];
    const rows = probes.map(row);
    return [
      rows.length
        ? rw.table("Probes", ["probe", "last", "p95", "ok"], [2, 3], rows, "probes")
        : h("p", { key: "none", className: "empty" }, "No probe has run yet."),
      service && settings && !settings.joins && h("p", { key: "hint", className: "empty" }, rw.noJoin),
    ];
  });
})();
