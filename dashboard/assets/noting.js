// What people say beside the numbers: "I know of this alert", and notes.
(() => {
  "use strict";
  const rw = window.roomwatch;
  const { h, button } = rw;

  const field = (label, value, write, more) => h("label", { key: label, className: "wide" }, `${label} `, h("input", { type: "text", value, onChange: (event) => write(event.target.value), ...more }));
  const choice = (label, value, choose, options) => h("label", { key: label }, `${label} `, h("select", { value, onChange: (event) => choose(event.target.value) }, ...options.map(([name, text]) => h("option", { key: name, value: name }, text))));

  function NoteOfAlert({ note, write, submit, leave }) {
    const send = (event) => {
      event.preventDefault();
      submit(note.trim());
    };
    return h(
      "form",
      { className: "asking", onSubmit: send },
      field("Note", note, write, { autoFocus: true, maxLength: 400, placeholder: "what you know or do (may be empty)" }),
      h("button", { type: "submit", className: "action" }, "I know of it"),
      button("Cancel", leave),
    );
  }

  // The button of one alert that fires, and what becomes of it.
  rw.Acknowledge = ({ alert }) => {
    const held = alert.acknowledged;
    const [open, turn] = React.useState(false);
    const [typed, type] = React.useState(null); // kept where it is refused; null: what is known already
    const { tell, form, said } = rw.useWord(held ? held.at : 0);
    const submit = (note) => {
      turn(false);
      tell(`/api/v1/alerts/${encodeURIComponent(alert.id)}/acknowledge`, { note }, () => type(null));
    };
    const leave = () => {
      turn(false);
      type(null);
    };
    const note = typed ?? (held ? held.note : "");
    return h(
      "div",
      { className: "judge" },
      !open && !form && button(held ? "Change the note" : "Acknowledge", () => turn(true)),
      open && h(NoteOfAlert, { note, write: type, submit, leave }),
      form,
      said,
    );
  };

  const KINDS = [["note", "note"], ["announcement", "announcement"]];

  function NoteForm({ services, text, write, submit, leave }) {
    const [kind, choose] = React.useState("note");
    const [service, about] = React.useState(services.length === 1 ? services[0] : "");
    const send = (event) => {
      event.preventDefault();
      if (text.trim()) submit({ text: text.trim(), kind, service });
    };
    return h(
      "form",
      { className: "asking", onSubmit: send },
      choice("Kind", kind, choose, KINDS),
      services.length > 1 && choice("About", service, about, [["", "all services"], ...services.map((name) => [name, name])]),
      field("Text", text, write, { autoFocus: true, required: true, maxLength: 600, placeholder: kind === "note" ? "what happened, what was done" : "what the public was told" }),
      h("button", { type: "submit", className: "action" }, "Write it"),
      button("Cancel", leave),
    );
  }

  rw.WriteNote = ({ services }) => {
    const [open, turn] = React.useState(false);
    const [text, write] = React.useState(""); // kept where it is refused
    const { tell, form, said } = rw.useWord(0);
    const submit = (note) => {
      turn(false);
      tell("/api/v1/notes", note, () => write(""));
    };
    const leave = () => {
      turn(false);
      write("");
    };
    return h(
      "div",
      { className: "judge" },
      !open && !form && button("Write a note", () => turn(true)),
      open && h(NoteForm, { services, text, write, submit, leave }),
      form,
      said,
    );
  };
})();
