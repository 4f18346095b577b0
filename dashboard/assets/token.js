// Words of an operator's to Roomwatch. They need a token with the right to it, which is asked for once and kept for
// this tab alone; it goes out in a header, never in an address.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { words, h } = rw;
  const KEY = "roomwatch-token";
  const SENDABLE = /^[\x21-\x7e]+$/;

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

  // Null where it was taken, else why not.
  async function send(path, word) {
    const headers = { "Authorization": `Bearer ${token.get()}`, "Content-Type": "application/json" };
    let answer;
    try {
      answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(word) });
    } catch {
      return "Roomwatch did not answer, so nothing was changed.";
    }
    if (answer.ok) return null;
    if (answer.status === 401 || answer.status === 403) token.keep(null);
    return `Refused: ${words.plain(await rw.sentenceOf(answer), 300)}`;
  }

  rw.button = (text, onClick, more = {}) => h("button", { key: text, type: "button", className: "action", onClick, ...more }, text);

  function TokenForm({ use, leave }) {
    const [text, write] = React.useState("");
    const submit = (event) => {
      event.preventDefault();
      if (SENDABLE.test(text.trim())) use(text.trim());
    };
    return h(
      "form",
      { className: "asking", onSubmit: submit },
      h("label", null, "Token that may do this ", h("input", { type: "password", autoComplete: "off", autoFocus: true, required: true, value: text, onChange: (event) => write(event.target.value) })),
      h("button", { type: "submit", className: "action" }, "Use"),
      rw.button("Cancel", leave),
      h("p", { className: "faint" }, "It is one of `auth.tokens`: `may: note` for notes and acknowledgements, `may: operate` for all. It is kept until this tab is closed."),
    );
  }

  // `tell(path, word)` sends a word, once there is a token; `form` asks for one; `said` is what became of the
  // last word, until `revision` changes.
  rw.useWord = (revision) => {
    const [waiting, hold] = React.useState(null);
    const [said, say] = React.useState({ text: "", revision });

    async function carry({ path, word, done }) {
      hold(null);
      say({ text: "Telling Roomwatch …", revision });
      const refusal = await send(path, word);
      say({ text: refusal ?? "Saved.", revision });
      if (refusal === null) done();
    }
    function tell(path, word, done = () => {}) {
      if (token.get()) return carry({ path, word, done });
      say({ text: "", revision });
      return hold({ path, word, done });
    }
    const use = (text) => {
      token.keep(text);
      carry(waiting);
    };
    return {
      tell,
      form: waiting && h(TokenForm, { key: "token", use, leave: () => hold(null) }),
      said: h("p", { key: "said", className: "said", role: "status" }, said.revision === revision ? said.text : ""),
    };
  };
})();
