// A link that keeps the view: zoom, place, layers that are on, language, the place asked about,
// the definition chosen.
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
  if (arealplan.asked) parts.push(`q=${arealplan.asked.lon},${arealplan.asked.lat}`);
  const steps = arealplan.sliderHash();
  if (steps) parts.push(`step=${steps}`);
  const def = arealplan.liveHash();
  if (def) parts.push(`def=${def}`);
  const weights = arealplan.weightsHash();
  if (weights) parts.push(`weights=${weights}`);
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
  if (given.has("step")) arealplan.readSliders(given.get("step"));
  if (given.has("def")) arealplan.readLive(given.get("def"));
  if (given.has("weights")) arealplan.readWeights(given.get("weights"));
  const place = (given.get("q") || "").split(",").map(Number);
  if (place.length === 2 && place.every(Number.isFinite) && Math.abs(place[0]) <= 180
    && Math.abs(place[1]) <= 85) {
    const { asked } = arealplan;
    if (asked?.lon !== place[0] || asked?.lat !== place[1]) arealplan.ask(place[0], place[1]);
  }
};
