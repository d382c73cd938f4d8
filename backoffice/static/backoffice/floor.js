/* A screen of the floor: one scan field, which has the focus whenever nothing else needs it. A scan is posted, the answer takes the
   place of the step below, and is heard. Without this script the same forms work as plain pages. */
"use strict";
(() => {
  const form = document.getElementById("scan");
  const field = document.getElementById("code");
  if (!form || !field) return;
  const step = document.getElementById("step");
  const prompt = document.getElementById("prompt");
  const trouble = document.getElementById("trouble");
  const queue = document.getElementById("queue");
  const keys = document.getElementById("keys");
  const drawer = `floor ${document.body.dataset.person} ${location.pathname}`;
  const DRAFT_HOURS = 12, PATIENCE = 15000, PAUSE = 4000;
  const waiting = [];
  let sending = null, timer = 0, failed = false;

  // --- sound: heard without looking; different in pitch and in rhythm ---------------------------------------------------
  const NOTES = { ok: [[880, 0, 0.09], [1320, 0.1, 0.12]], refused: [[196, 0, 0.25], [147, 0.3, 0.45]], ask: [[587, 0, 0.12], [587, 0.2, 0.12]], next: [[587, 0, 0.12]] };
  let audio = null;
  function sound(tone) {
    const notes = NOTES[tone];
    if (!notes) return;
    document.documentElement.dataset.sound = tone;
    if (tone === "refused" && navigator.vibrate) navigator.vibrate([200, 100, 200]);
    try {
      audio = audio || new AudioContext();
      if (audio.state === "suspended") audio.resume();
      for (const [pitch, start, length] of notes) {
        const note = audio.createOscillator(), loudness = audio.createGain();
        note.type = tone === "refused" ? "square" : "sine";
        note.frequency.value = pitch;
        loudness.gain.value = 0.25;
        note.connect(loudness).connect(audio.destination);
        note.start(audio.currentTime + start);
        note.stop(audio.currentTime + start + length);
      }
    } catch { /* a phone without sound still has the colour and the words */ }
  }

  // --- what is not booked yet is kept on the phone ----------------------------------------------------------------------
  function keep(entries) {
    try { localStorage.setItem(drawer, JSON.stringify({ at: Date.now(), entries })); } catch { /* a full or closed storage */ }
  }
  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(drawer) || "null");
      return found && Date.now() - found.at < DRAFT_HOURS * 3600000 ? found.entries : null;
    } catch { return null; }
  }
  function forget() {
    try { localStorage.removeItem(drawer); } catch { /* nothing was kept */ }
  }
  const plain = (data) => [...data.entries()].filter(([name]) => name !== "csrfmiddlewaretoken");

  // --- sending ----------------------------------------------------------------------------------------------------------
  function pack(submitter) {
    const data = new FormData(form);
    if (submitter && submitter.name) data.set(submitter.name, submitter.value);
    if (!data.has("act")) data.set("act", "scan");
    return data;
  }

  const meta = document.querySelector("meta[name=csrf]");

  // Who logged in again, in another tab say, has a new token; the page goes on with it.
  async function renew() {
    try {
      const page = await fetch(location.pathname, { signal: AbortSignal.timeout(PATIENCE) });
      const found = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("meta[name=csrf]");
      if (!page.ok || !found || found.content === meta.content) return false;
      meta.content = found.content;
      return true;
    } catch { return false; }
  }

  async function send(data, renewed = false) {
    sending = data;
    failed = false;
    clearTimeout(timer);
    step.setAttribute("aria-busy", "true");
    keep(plain(data));
    let answer, text;
    try {
      const body = new FormData();
      for (const [name, value] of plain(data)) body.append(name, value);
      body.set("csrfmiddlewaretoken", meta.content);
      answer = await fetch(form.action, { method: "POST", body, headers: { "X-Floor": "1" }, signal: AbortSignal.timeout(PATIENCE) });
      text = await answer.text();
    } catch {
      return fail("lost", true);
    }
    if (answer.ok && answer.headers.has("X-Floor")) return draw(text);
    if (answer.status === 401) return fail("out", false);
    if (answer.status === 403 && !renewed && await renew()) return send(data, true);
    if (answer.status === 403) return fail("closed", false);
    return fail([502, 503, 504].includes(answer.status) ? "lost" : "broken", [502, 503, 504].includes(answer.status));
  }

  function fail(why, again) {
    failed = true;
    step.removeAttribute("aria-busy");
    trouble.firstElementChild.textContent = form.dataset[why];
    trouble.hidden = false;
    sound("refused");
    if (again) timer = setTimeout(retry, PAUSE);
  }

  function retry() {
    if (sending && failed) send(sending);
  }

  function draw(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("step");
    if (fresh.dataset.go) { forget(); location.assign(fresh.dataset.go); return; }
    sending = null;
    trouble.hidden = true;
    step.removeAttribute("aria-busy");
    const inStep = step.contains(document.activeElement) || document.activeElement === document.body;
    step.replaceChildren(...fresh.childNodes);
    step.dataset.tone = fresh.dataset.tone || "";
    prompt.textContent = fresh.dataset.prompt || "";
    const tone = step.dataset.tone;
    sound(tone);
    if (fresh.dataset.draft) {
      const state = plain(pack(null)).filter(([name]) => name !== "code" && name !== "act");
      keep([...state, ["act", "show"], ["code", ""]]);
    } else forget();
    if (inStep) focus();
    document.dispatchEvent(new CustomEvent("floor:drawn", { detail: { tone } }));
    if (tone === "refused" || tone === "ask") drop();
    else if (waiting.length) next();
    show();
  }

  function next() {
    const data = pack(null);
    data.set("code", waiting.shift());
    send(data);
  }

  // What was scanned after a refused scan might now mean something else: a place after a product that was not taken.
  function drop() {
    if (!waiting.length) return;
    const said = document.createElement("p");
    said.className = "said refused";
    said.textContent = `${form.dataset.dropped} ${waiting.splice(0).join(", ")}`;
    step.prepend(said);
  }

  function show() {
    queue.hidden = !waiting.length;
    queue.textContent = waiting.length ? `${form.dataset.waiting} ${waiting.join(", ")}` : "";
  }

  function scan(code) {
    if (form.dataset.plain) { field.value = code; form.requestSubmit(); return; }
    if (sending) { waiting.push(code); show(); return; }
    const data = pack(null);
    data.set("code", code);
    send(data);
  }

  form.addEventListener("submit", (event) => {
    if (form.dataset.plain) return;
    event.preventDefault();
    const data = pack(event.submitter);
    const code = String(data.get("code")).trim();
    const scanned = data.get("act") === "scan";
    if (scanned && !code && document.activeElement === field) return;
    field.value = "";
    if (!sending) send(data);
    else if (scanned && code) { waiting.push(code); show(); }
  });
  document.getElementById("again").addEventListener("click", () => { retry(); focus(); });
  window.addEventListener("online", retry);

  // --- the focus --------------------------------------------------------------------------------------------------------
  function focus() { field.focus({ preventScroll: true }); }
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key.length !== 1) return;
    if (at.matches("input, select, textarea") || (event.key === " " && at.matches("button, a, summary"))) return;
    focus();
  });
  document.addEventListener("pointerup", (event) => {
    if (!event.target.closest("input, select, textarea, a, summary, label")) setTimeout(() => { if (document.activeElement === document.body) focus(); });
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("input[data-amount]")) event.target.select();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-add]");
    if (!button) return;
    const amount = document.getElementById(button.dataset.for);
    amount.value = String(Math.max(Number(amount.dataset.least || 0), (parseInt(amount.value, 10) || 0) + Number(button.dataset.add)));
    focus();
  });
  window.addEventListener("focus", () => { if (document.activeElement === document.body) focus(); });

  // A phone with a scanner does not want half its screen covered by keys; who types asks for them.
  if (matchMedia("(pointer: coarse)").matches) {
    keys.hidden = false;
    field.inputMode = "none";
    keys.addEventListener("click", () => {
      const typing = field.inputMode === "none";
      field.inputMode = typing ? "text" : "none";
      keys.setAttribute("aria-pressed", String(typing));
      field.blur();
      focus();
    });
  }

  window.floor = { scan, sound, form };
  focus();
  if (form.dataset.plain) return;
  const before = kept();
  if (before && !location.search && !step.dataset.tone) {
    const data = new FormData();
    for (const [name, value] of before) data.append(name, value);
    send(data);
  }
})();
