// Shows on a store's page whether a product is in stock, on backorder or out, and when it comes.
// <script src="https://…/availability.js" data-api="https://…" defer></script>  <span data-sku="A-1" data-lang="fr"></span>
(function () {
  "use strict";
  var script = document.currentScript;
  var api = ((script && script.dataset.api) || (script && new URL(script.src).origin) || "").replace(/\/$/, "");
  var store = script && script.dataset.connection;
  var MOST = 200;

  function language(element) {
    var said = element.dataset.lang || document.documentElement.lang || "en";
    return said.slice(0, 2).toLowerCase() === "fr" ? "fr" : "en";
  }

  function show(elements, results) {
    var known = {};
    results.forEach(function (row) { known[row.sku] = row; });
    elements.forEach(function (element) {
      var row = known[element.dataset.sku.trim()];
      element.textContent = row ? row.words[language(element)] : "";
      if (row) element.classList.add("availability-" + row.state);
    });
  }

  function ask(elements) {
    var skus = [];
    elements.forEach(function (element) {
      var sku = element.dataset.sku.trim();
      if (sku && skus.indexOf(sku) < 0) skus.push(sku);
    });
    for (var at = 0; at < skus.length; at += MOST) {
      var part = skus.slice(at, at + MOST);
      var query = part.map(function (sku) { return "sku=" + encodeURIComponent(sku); }).join("&");
      // One alone would be read as a list with commas between; some SKUs have a comma.
      if (part.length === 1) query += "&sku=";
      if (store) query += "&connection=" + encodeURIComponent(store);
      (function (asked) {
        var mine = elements.filter(function (element) { return asked.indexOf(element.dataset.sku.trim()) >= 0; });
        fetch(api + "/api/v1/availability?" + query, { credentials: "omit" })
          .then(function (answer) { return answer.ok ? answer.json() : { results: [] }; })
          .then(function (body) { show(mine, body.results); })
          // A store's page works without this one as well: then nothing is said.
          .catch(function () { show(mine, []); });
      })(part);
    }
  }

  ask(Array.prototype.slice.call(document.querySelectorAll("[data-sku]")));
})();
