// The operator's word on a relocation: confirm, reject, or name the room in which it goes on.
// A token is asked for once and kept for this tab alone; it goes out in a header, never in an address.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const KEY = "roomwatch-token";
  const SENDABLE = /^[\x21-\x7e]+$/;
  const MOST_ROOMS = 100; // to choose from

  const token = {
    kept: null, // where storage is switched off
    get() {
      try {
        return sessionStorage.getItem(KEY);
      } catch {
        return this.kept;
      }
    },
    keep(text) {
      this.kept = text;
      try {
        if (text === null) sessionStorage.removeItem(KEY);
        else sessionStorage.setItem(KEY, text);
      } catch {
        // It lasts until the page is left.
      }
    },
  };

  // The server's own sentence, whether it is plain or inside JSON.
  rw.sentenceOf = async (answer) => {
    const text = await answer.text();
    try {
      const { detail } = JSON.parse(text);
      return typeof detail === "string" ? detail : "Roomwatch did not understand it.";
    } catch {
      return text;
    }
  };

  // Null where it was taken over, else why not.
  async function send(word) {
    const headers = { "Authorization": `Bearer ${token.get()}`, "Content-Type": "application/json" };
    let answer;
    try {
      answer = await fetch("/api/v1/relocations", { method: "POST", headers, body: JSON.stringify(word) });
    } catch {
      return "Roomwatch did not answer, so nothing was changed.";
    }
    if (answer.ok) return null;
    if (answer.status === 401 || answer.status === 403) token.keep(null);
    return `Refused: ${words.plain(await rw.sentenceOf(answer), 300)}`;
  }

  const button = (text, onClick, more = {}) => h("button", { key: text, type: "button", className: "action", onClick, ...more }, text);

  function TokenForm({ use, leave }) {
    const [text, write] = React.useState("");
    const submit = (event) => {
      event.preventDefault();
      if (SENDABLE.test(text.trim())) use(text.trim());
    };
    return h(
      "form",
      { className: "asking", onSubmit: submit },
      h("label", null, "Token that may write ", h("input", { type: "password", autoComplete: "off", autoFocus: true, required: true, value: text, onChange: (event) => write(event.target.value) })),
      h("button", { type: "submit", className: "action" }, "Use"),
      button("Cancel", leave),
      h("p", { className: "faint" }, "It is one of `auth.tokens` with `may: write`, and is kept until this tab is closed."),
    );
  }

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
    const [asking, ask] = React.useState(null); // "token" or "room"
    const [waiting, hold] = React.useState(null); // the word that waits for a token
    const [said, say] = React.useState({ text: "", revision: 0 });
    const revision = relocation.revisions.length;

    async function carry(word) {
      ask(null);
      hold(null);
      say({ text: "Telling Roomwatch …", revision });
      const refusal = await send(word);
      say({ text: refusal ?? "Taken over.", revision });
    }
    function judge(verdict, more = {}) {
      const word = { service: service.name, verdict, relocation: relocation.id, ...more };
      if (token.get()) return carry(word);
      say({ text: "", revision });
      hold(word);
      return ask("token");
    }
    const use = (text) => {
      token.keep(text);
      carry(waiting);
    };
    const leave = () => ask(null);
    return h(
      "div",
      { className: "judge" },
      relocation.status !== "confirmed" && button("Confirm", () => judge("confirm")),
      relocation.status !== "rejected" && button("Reject", () => judge("reject")),
      button(relocation.to ? "Name another room" : "Name its successor", () => ask("room"), { "aria-expanded": asking === "room" }),
      asking === "token" && h(TokenForm, { use, leave }),
      asking === "room" && h(RoomForm, { relocation, service, name: (to) => judge("name", { to }), leave }),
      h("p", { className: "said", role: "status" }, said.revision === revision ? said.text : ""),
    );
  };
})();
