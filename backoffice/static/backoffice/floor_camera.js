/* The camera as a scanner. The browser reads the bars itself where it can; else small pictures go to our own server, which reads
   them and keeps none. */
"use strict";
(() => {
  const floor = window.floor;
  const button = document.getElementById("camera");
  if (!floor || !button) return;
  const view = document.getElementById("view");
  const video = document.getElementById("video");
  const looking = document.getElementById("looking");
  const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "itf", "qr_code", "data_matrix"];
  const WIDE = 800, OWN_PAUSE = 200, ASKED_PAUSE = 500, AWAY = 1000, MISSES = 2;
  let stream = null, detector = null, last = "", seen = 0, missed = 0;

  async function own() {
    if (!("BarcodeDetector" in window)) return null;
    try {
      const known = await window.BarcodeDetector.getSupportedFormats();
      const formats = FORMATS.filter((name) => known.includes(name));
      return formats.includes("ean_13") ? new window.BarcodeDetector({ formats }) : null;
    } catch { return null; }
  }

  async function read() {
    if (detector) return (await detector.detect(video)).map((code) => code.rawValue);
    const scale = Math.min(1, WIDE / video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.75); });
    const answer = await fetch(floor.form.dataset.see, {
      method: "POST", body, signal: AbortSignal.timeout(5000),
      headers: { "Content-Type": "image/jpeg", "X-Floor": "1", "X-CSRFToken": document.querySelector("meta[name=csrf]").content },
    });
    return answer.ok ? (await answer.json()).codes : [];
  }

  // Bars that stay in the picture are one scan; the same bars count again once they were really away: not seen in several
  // pictures and for a while, for a blurred picture or a slow answer is no going away.
  function found(code) {
    const now = Date.now();
    if (!code) { missed += 1; return; }
    const away = missed >= MISSES && now - seen > AWAY;
    const again = code === last && !away;
    last = code;
    seen = now;
    missed = 0;
    if (!again) floor.scan(code);
  }

  async function look() {
    const mine = stream;
    while (stream && stream === mine) {
      try {
        if (video.videoWidth) {
          const codes = await read();
          if (stream === mine) found(codes[0]);
        }
      } catch { /* a frame that was not read is followed by the next */ }
      await new Promise((done) => { setTimeout(done, detector ? OWN_PAUSE : ASKED_PAUSE); });
    }
  }

  function stop() {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    last = "";
    video.srcObject = null;
    video.hidden = true;
    button.setAttribute("aria-pressed", "false");
  }

  function say(words) {
    view.hidden = !words;
    looking.textContent = words;
  }

  async function start() {
    if (!window.isSecureContext || !navigator.mediaDevices) return say(floor.form.dataset.insecure);
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } } });
    } catch { return say(floor.form.dataset.nocamera); }
    detector = await own();
    video.srcObject = stream;
    video.hidden = false;
    say(floor.form.dataset.looking);
    button.setAttribute("aria-pressed", "true");
    await video.play();
    return look();
  }

  button.addEventListener("click", () => {
    if (stream) { stop(); say(""); } else start();
    document.getElementById("code").focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) { stop(); say(""); } });
})();
