"use strict";
// Fetches each [data-live] section again and again, and says so when it gets no answer: what is old never looks live.
// The server draws everything; here it is only put in place.

function follow(section) {
  const body = section.querySelector("[data-live-body]");
  const state = section.querySelector("[data-live-state]");
  const time = section.querySelector("[data-live-time]");
  const titled = section.querySelector("[data-title]") !== null; // it tells the tab's title, which is read while the page is hidden
  let asOf = section.dataset.asOf;
  let timer;

  function say(kind, text, more) {
    section.dataset.state = kind;
    if (state.textContent !== text) state.textContent = text; // a screen reader hears changes only
    time.textContent = more;
  }

  function put(html) {
    const known = new Set(Array.from(body.querySelectorAll("[data-key]"), (row) => row.dataset.key));
    const open = Array.from(body.querySelectorAll("details[open][id]"), (details) => details.id);
    const focused = body.contains(document.activeElement) ? document.activeElement.id : "";
    const at = Array.from(body.querySelectorAll("a, summary")).indexOf(document.activeElement);
    body.innerHTML = html;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    // Rows move and have ids; everything else that can be reached stays in its place.
    const again = focused ? document.getElementById(focused) : body.querySelectorAll("a, summary")[at];
    again?.focus({ preventScroll: true });
    if (body.querySelector("[data-over]")) return location.reload(); // nothing more comes, and the rest of the page is of before
    if (titled) document.title = body.querySelector("[data-title]")?.dataset.title ?? document.title;
    for (const row of body.querySelectorAll("[data-key]")) row.classList.toggle("new", !known.has(row.dataset.key));
  }

  async function refresh() {
    clearTimeout(timer);
    const began = performance.now();
    try {
      const answer = await fetch(section.dataset.live, { redirect: "error", signal: AbortSignal.timeout(8000) });
      if (answer.status === 401) return location.reload(); // signed out: the page itself will say so
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      const picked = getSelection();
      if (!picked.isCollapsed && body.contains(picked.anchorNode)) {
        say("stale", `Not live since ${asOf}`, "while text is selected");
      } else {
        put(html);
        asOf = answer.headers.get("X-As-Of");
        say("live", "Live", `as of ${asOf}`);
      }
    } catch (error) {
      const status = /^\d+$/.test(error.message) ? `an error (${error.message}); load the page again to see which` : "no answer";
      say("stale", `Not live since ${asOf}`, `${status}; trying again`);
      if (titled) document.title = "(!) Wrapup";
    }
    // A slow answer means a busy server: leave it ten times as long as it took.
    const pause = Math.max(1000 * Number(section.dataset.every), 10 * (performance.now() - began));
    if (!document.hidden || titled) timer = setTimeout(refresh, document.hidden ? 60000 : Math.min(pause, 60000));
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden && titled) timer = setTimeout(refresh, 60000);
    else if (document.hidden) say("stale", `Not live since ${asOf}`, "while the page is hidden");
    else refresh();
  });
  refresh();
}

document.querySelectorAll("[data-live]").forEach(follow);
