// The operator's word on a relocation: confirm, reject, or name the room in which it goes on.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h, button } = rw;
  const MOST_ROOMS = 100; // to choose from

  const openRooms = (relocation, service) =>
    service.rooms.filter((room) => room.state !== "ended" && !(room.id === relocation.from.room && room.node === relocation.from.node)).slice(0, MOST_ROOMS);

  function RoomForm({ relocation, service, name, leave }) {
    const rooms = openRooms(relocation, service);
    const [key, choose] = React.useState("");
    const chosen = rooms.find((room) => rw.keyOf(room.node, room.id) === key);
    const submit = (event) => {
      event.preventDefault();
      if (chosen) name({ room: chosen.id, node: chosen.node });
    };
    if (!rooms.length) return h("p", { className: "asking" }, "No other room is open. ", button("Close", leave));
    const option = (room) => h("option", { key: rw.keyOf(room.node, room.id), value: rw.keyOf(room.node, room.id) }, `${words.plain(room.title || room.id, 60)} @ ${rw.nodeName(service, room.node)}`);
    return h(
      "form",
      { className: "asking", onSubmit: submit },
      h("label", null, "It goes on in ", h("select", { autoFocus: true, required: true, value: key, onChange: (event) => choose(event.target.value) }, h("option", { value: "" }, "choose an open room"), ...rooms.map(option))),
      h("button", { type: "submit", className: "action" }, "Name it"),
      button("Cancel", leave),
    );
  }

  // Confirm, reject and name, as far as each would change anything, with what became of the last word.
  rw.Judge = ({ relocation, service }) => {
    const [naming, name] = React.useState(false);
    const { tell, form, said } = rw.useWord(relocation.revisions.length);

    function judge(verdict, more = {}) {
      name(false);
      tell("/api/v1/relocations", { service: service.name, verdict, relocation: relocation.id, ...more });
    }
    return h(
      "div",
      { className: "judge" },
      relocation.status !== "confirmed" && button("Confirm", () => judge("confirm")),
      relocation.status !== "rejected" && button("Reject", () => judge("reject")),
      button(relocation.to ? "Name another room" : "Name its successor", () => name(true), { "aria-expanded": naming }),
      form,
      naming && h(RoomForm, { relocation, service, name: (to) => judge("name", { to }), leave: () => name(false) }),
      said,
    );
  };
})();
