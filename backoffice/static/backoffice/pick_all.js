// A box that ticks all boxes of a name in its form: <input type="checkbox" data-picks="pick">.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.dataset || !box.dataset.picks) return;
  for (const other of box.form.querySelectorAll(`input[type="checkbox"][name="${box.dataset.picks}"]`)) {
    other.checked = box.checked;
  }
});
