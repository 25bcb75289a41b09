// A link that keeps the view: zoom, place, layers that are on, language.
arealplan.layersOn = () => [...document.querySelectorAll("input[data-layer]")]
  .filter((box) => box.checked).map((box) => box.dataset.layer);

arealplan.writeHash = () => {
  if (!arealplan.started) return;
  const centre = arealplan.map.getCenter();
  const parts = [
    `z=${+arealplan.map.getZoom().toFixed(2)}`,
    `lat=${centre.lat.toFixed(5)}`, `lon=${centre.lng.toFixed(5)}`,
    `on=${arealplan.layersOn().join(".")}`, `lang=${arealplan.lang}`,
  ];
  history.replaceState(null, "", `#${parts.join("&")}`);
};

arealplan.readHash = () => {
  const given = new URLSearchParams(location.hash.slice(1));
  const lang = given.get("lang");
  if (lang === "nb" || lang === "en") arealplan.setLanguage(lang);
  if (given.has("on")) {
    const on = new Set(given.get("on").split("."));
    for (const box of document.querySelectorAll("input[data-layer]")) {
      if (box.checked !== on.has(box.dataset.layer)) {
        arealplan.toggle(box.dataset.layer, on.has(box.dataset.layer));
      }
    }
  }
  const [z, lat, lon] = ["z", "lat", "lon"].map((key) => Number.parseFloat(given.get(key)));
  if ([z, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lon) <= 180) {
    arealplan.map.setView([lat, lon], z, { animate: false });
  }
};
