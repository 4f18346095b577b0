// Puts in what has changed, part by part, and says how old it is.
const main = document.querySelector("main"), age = document.getElementById("age");
const raw = new Map();

const written = (part) => part.outerHTML;
const parts = (of) => of.querySelectorAll("[data-part]");

for (const part of parts(main)) raw.set(part.dataset.part, written(part));
localise(main);
follow(location.pathname + location.search, main.dataset, 5000, {
  show(fresh, page) {
    if (fresh.dataset.made !== main.dataset.made) return location.reload();
    for (const part of parts(fresh)) {
      const name = part.dataset.part, html = written(part);
      if (raw.get(name) === html) continue;
      raw.set(name, html);
      localise(part);
      main.querySelector(`[data-part="${name}"]`).replaceChildren(...part.childNodes);
    }
    document.title = page.title;
  },
  tell(seconds, late, lost) {
    age.textContent = `Updated ${ago(seconds)} ago${lost ? " · this page cannot be reached just now" : ""}`;
    age.classList.toggle("late", late || lost);
  },
});
