// The last of our own: fills the first paint from the recent window in the page, then goes live and starts Dash.
(() => {
  "use strict";
  const rw = window.roomwatch;
  rw.live = new rw.Live(JSON.parse(document.getElementById("recent").textContent));
  rw.moments = new rw.Moments(rw.live);
  rw.moments.begin();
  rw.live.start();
  addEventListener("DOMContentLoaded", () => new DashRenderer());
  new MutationObserver((_changes, observer) => {
    if (!document.getElementById("board")) return;
    observer.disconnect();
    rw.live.draw();
  }).observe(document.getElementById("react-entry-point"), { childList: true, subtree: true });
})();
