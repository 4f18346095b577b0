const root = document.documentElement, age = document.querySelector(".age");
let main = document.querySelector("main");

function paint() {
  colour(root.style, new URLSearchParams(location.hash.slice(1)));
}
function tall() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  parent.postMessage({ roomwatch: "height", height, path: location.pathname }, "*");
}

paint();
localise(main);
addEventListener("hashchange", paint);
if (parent !== window) new ResizeObserver(tall).observe(document.body);
follow(location.pathname + location.search, main.dataset, 2000, {
  show(fresh) {
    if (fresh.dataset.made !== main.dataset.made) return location.reload();
    localise(fresh);
    main.replaceWith(fresh);
    main = fresh;
  },
  tell: (seconds, late) => fade(main, age, seconds, late),
});
