"use strict";
// Asks for the same page again and puts in what has changed: bytes that a cache holds for everyone.
(() => {
  const EVERY = 5000, LONGEST = 60000;
  const raw = new Map();
  let ahead = 0, wait = EVERY, timer = 0, etag = "", lost = false;

  const parts = (doc) => doc.querySelectorAll("[data-part]");
  const age = document.getElementById("age");
  const now = () => Date.now() / 1000 - ahead;

  // Times in the reader's own zone; those from another day, as in a replay, with their day.
  const localize = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      time.title = at.toLocaleString();
      time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    }
  };

  const words = (seconds) =>
    seconds < 1.5 ? "1 s" : seconds < 90 ? `${Math.round(seconds)} s`
      : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;

  const tell = () => {
    const seconds = Math.max(0, now() - Number(age.dataset.at));
    age.textContent = `Updated ${words(seconds)} ago${lost ? " · this page cannot be reached just now" : ""}`;
    age.classList.toggle("lost", lost || seconds > Number(age.dataset.old));
  };

  const show = (text) => {
    const doc = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts(doc)) {
      const old = document.querySelector(`[data-part="${part.dataset.part}"]`);
      const html = part.className + part.innerHTML;
      if (!old || raw.get(part.dataset.part) === html) continue;
      raw.set(part.dataset.part, html);
      localize(part);
      old.className = part.className;
      old.replaceChildren(...part.childNodes);
    }
    document.title = doc.title;
    age.dataset.at = doc.getElementById("age").dataset.at;
  };

  const ask = async () => {
    try {
      const answer = await fetch(location.pathname, { cache: "no-cache", credentials: "omit" });
      if (!answer.ok) throw new Error(String(answer.status));
      const served = Date.parse(answer.headers.get("Date")) / 1000 + Number(answer.headers.get("Age") || 0);
      if (served) ahead = Date.now() / 1000 - served;
      const tag = answer.headers.get("ETag");
      if (!tag || tag !== etag) show(await answer.text());
      etag = tag;
      lost = false;
      wait = EVERY;
    } catch {
      lost = true;
      wait = Math.min(LONGEST, wait * 2);
    }
    tell();
    plan();
  };

  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, wait * (0.8 + 0.4 * Math.random()));
  };

  ahead = Date.now() / 1000 - Number(age.dataset.at);
  for (const part of parts(document)) raw.set(part.dataset.part, part.className + part.innerHTML);
  localize(document);
  tell();
  setInterval(tell, 1000);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  ask();
})();
