// The list of layers, and the switch of language.
arealplan.toggle = (id, on) => {
  const layer = arealplan.layers.get(id);
  if (id === "places") {
    arealplan.placesOn = on;
    arealplan.renderer.request();
  } else if (!layer) return;
  else if (on) layer.addTo(arealplan.map);
  else layer.remove();
  const box = arealplan.boxOf(id);
  if (box) box.checked = on;
  arealplan.writeHash();
};

arealplan.boxOf = (id) => [...document.querySelectorAll("input[data-layer]")]
  .find((box) => box.dataset.layer === id);

arealplan.startPanel = () => {
  for (const box of document.querySelectorAll("input[data-layer]")) {
    box.checked = box.defaultChecked;
    box.addEventListener("change", () => arealplan.toggle(box.dataset.layer, box.checked));
  }
  document.getElementById("language").addEventListener("click", () => {
    arealplan.setLanguage(arealplan.lang === "nb" ? "en" : "nb");
    arealplan.writeHash();
  });
  arealplan.setLanguage(arealplan.lang);
};

arealplan.setLanguage = (lang) => {
  arealplan.lang = lang;
  const root = document.documentElement;
  root.lang = lang;
  root.dataset.lang = lang;
  document.title = arealplan.t("title");
  for (const { map, side } of arealplan.panes) {
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", arealplan.t(side ? `map_${side}` : "map"));
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", arealplan.t(node.dataset.label));
  }
  for (const link of document.querySelectorAll("a[data-page]")) {
    link.href = `${link.dataset.page}#lang=${lang}`;
  }
  for (const pane of arealplan.panes) {
    pane.zoom?.remove();
    pane.zoom = L.control.zoom({
      zoomInTitle: arealplan.t("zoom_in"), zoomOutTitle: arealplan.t("zoom_out"),
    }).addTo(pane.map);
  }
  arealplan.labelLive();
  for (const id of arealplan.config.sliders) arealplan.labelSlider(arealplan.layers.get(id));
  arealplan.renderPlace();
  if (arealplan.mode) arealplan.say(arealplan.t(arealplan.mode === "ask" ? "ask.keys" : "measure.keys"));
  if (arealplan.measured?.points.length) arealplan.tellMeasured();
  if (arealplan.popup) {
    const { found, popup, back, map: on } = arealplan.popup;
    arealplan.openPopup(found, popup.getLatLng(), { back, map: on });
  }
};
