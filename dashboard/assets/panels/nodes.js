// The nodes under the service.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  function condition(node, service) {
    if (!node.answering) {
      const age = node.observed_at === null ? null : rw.live.now() - node.observed_at;
      return h("span", { className: "bad" }, age === null ? "has not answered yet" : `silent for ${words.duration(age)}`);
    }
    if (node.capacity !== null && node.participants !== null) {
      return `${words.whole(node.participants / node.capacity)} of ${words.people(node.capacity)}`;
    }
    const left = rw.standing(service).find((each) => each.from.node === node.id);
    if (left && !node.participants) return left.cause === "moved" ? "room moved away" : "room ended";
    const rooms = service.rooms.filter((room) => room.node === node.id && room.state === "open").length;
    return rooms === 1 ? "1 room" : `${rooms}${service.other.rooms ? " or more" : ""} rooms`;
  }

  function row(node, service, most) {
    const share = node.participants === null ? null : node.participants / (node.capacity || most || 1);
    return h(
      "tr",
      { key: node.id },
      h("th", { scope: "row" }, words.plain(node.label || node.id, 60)),
      h("td", { className: "num", title: words.exact(node.participants) }, words.people(node.participants)),
      h("td", { className: "gauge" }, rw.bar("bar", share, "first")),
      h("td", { className: "faint" }, condition(node, service)),
    );
  }

  rw.text("nodes", ({ service }) => {
    const nodes = service ? service.nodes : [];
    if (!nodes.length) return h("p", { className: "empty" }, "No node has answered yet.");
    const most = rw.peak(nodes.map((node) => node.participants));
    return rw.table("Nodes", ["node", "people", "share", "condition"], [1], nodes.map((node) => row(node, service, most)), "headless");
  });
})();
