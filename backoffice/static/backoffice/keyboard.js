// Unfold's frame has things that only a mouse can press: Filters, the menu, the account box. Here they become buttons.
const opens = [
  ["filterOpen", () => document.getElementById("changelist-filter")],
  ["sidebarMobileOpen", () => document.getElementById("nav-sidebar")],
  ["openUserLinks", (button) => button.parentElement.querySelector("nav")],
];
let pressed = null;

const seen = (thing) => thing.getClientRects().length > 0;

document.addEventListener("DOMContentLoaded", () => {
  const words = document.querySelector(".desk-skip")?.dataset.menu;
  for (const thing of document.querySelectorAll("[x-on\\:click]")) {
    if (thing.id === "changelist-filter-close" || thing.matches("a[href], button, input, select, summary, [tabindex]")) continue;
    thing.tabIndex = 0;
    thing.setAttribute("role", "button");
    if (words && /sidebar(Mobile|Desktop)Open/.test(thing.getAttribute("x-on:click"))) thing.ariaLabel = words;
    for (const icon of thing.querySelectorAll(".material-symbols-outlined")) icon.ariaHidden = "true";
  }
});

document.addEventListener("keydown", (event) => {
  const thing = event.target;
  if (event.key === "Escape" && pressed && thing.closest("#changelist-filter")) pressed.focus();
  if (!["Enter", " "].includes(event.key) || !thing.matches("[x-on\\:click][role=button]")) return;
  event.preventDefault();
  thing.click();
  const opened = opens.find(([name]) => thing.getAttribute("x-on:click").includes(name))?.[1](thing);
  setTimeout(() => {
    if (!seen(thing)) pressed?.focus();
    else if (opened && seen(opened) && !opened.contains(thing)) {
      pressed = thing;
      const first = [...opened.querySelectorAll("a[href], button, input:not([type=hidden]), select, [role=button]")].find(seen);
      first?.focus();
    }
  }, 200);
});
