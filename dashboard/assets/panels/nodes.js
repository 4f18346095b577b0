// The nodes under the service.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;

  function condition(node, service) {
    if (!node.answering) {
      const age = node.observed_at === null ? null : rw.live.now() - node.observed_at;
      return h("span", { className: "bad" }, h("i", { className: "dot", "aria-hidden": true }), age === null ? "has not answered yet" : `silent for ${words.duration(age)}`);
    }
    const left = rw.standing(service).find((each) => each.cause !== "overflowed" && !rw.isMaybe(each) && each.from.node === node.id);
    const held = left && !node.participants ? (rw.isMove(left) ? "room moved away" : "room ended") : holds(node, service);
    return [held, full(node.seconds_to_full), joins(node, service)].filter(Boolean).join(" · ");
  }

  function holds(node, service) {
    if (node.capacity !== null && node.participants !== null) {
      return `${words.whole(node.participants / node.capacity)} of ${words.people(node.capacity)}`;
    }
    const open = service.rooms.filter((room) => room.node === node.id && room.state === "open").length;
    const rooms = open === 1 ? "1 room" : `${open}${service.other.rooms ? " or more" : ""} rooms`;
    const share = shareOf(node, service);
    return share ? `${words.whole(share)} of all · ${rooms}` : rooms;
  }

  function full(left) {
    if (!words.known(left)) return null;
    return left > 0 ? `full in ${words.roughly(left)}` : "full";
  }

  // What our own joins saw there; none where they go to another address than the node's.
  function joins(node, service) {
    const probe = service.probes.find((each) => each.name === "join" && each.node === node.id);
    return probe && words.known(probe.success_ratio) ? `${words.percent(probe.success_ratio)} of our joins get in` : null;
  }

  // Of all people; not known while some of them are not counted.
  function shareOf(node, service) {
    if (!service.complete || !service.participants || node.participants === null) return null;
    return node.participants / service.participants;
  }

  // How full the node is where its capacity is known; else its share of all people, in a tone that warns of nothing.
  function gauge(node, service) {
    if (node.capacity === null) return rw.bar("bar", shareOf(node, service), "share");
    return rw.bar("bar", node.participants === null ? null : node.participants / node.capacity, "first");
  }

  function row(node, service) {
    return h(
      "tr",
      { key: node.id, className: node.answering ? "" : "silent" },
      h("th", { scope: "row" }, words.plain(node.label || node.id, 60)),
      h("td", { className: "num", title: words.exact(node.participants) }, words.people(node.participants)),
      h("td", { className: "gauge" }, gauge(node, service)),
      h("td", { className: "faint" }, condition(node, service)),
    );
  }

  rw.text("nodes", ({ service }) => {
    const nodes = service ? service.nodes : [];
    if (!nodes.length) return h("p", { className: "empty" }, "No node has answered yet.");
    return rw.table("Nodes", ["node", "people", "share", "condition"], [1], nodes.map((node) => row(node, service)), "headless");
  });
})();
