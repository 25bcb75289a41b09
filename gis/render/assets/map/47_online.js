"use strict";
// Kartverket's map in place of our own base map, for a reader who has the net and chooses it.
// Before that nothing is asked for; a link or a reload does not choose it again.
arealplan.online = null;

arealplan.setOnline = (name) => {
  arealplan.online = name || null;
  arealplan.onlineFailed = false;
  for (const pane of arealplan.panes) {
    pane.tiles?.remove();
    pane.tiles = name ? arealplan.tiles(name).addTo(pane.map) : null;
  }
  document.getElementById("online-credit").hidden = !name;
  arealplan.say("");
  arealplan.renderer.request();
};

// Leaflet's own layer of tiles; of many that fail the reader is told once.
arealplan.tiles = (name) => L.tileLayer(arealplan.config.online[name], { maxNativeZoom: 18 })
  .on("tileerror", () => {
    if (arealplan.onlineFailed || !arealplan.online) return;
    arealplan.onlineFailed = true;
    arealplan.say(arealplan.t("online.failed"));
  });

arealplan.startOnline = () => {
  for (const choice of document.querySelectorAll("input[name=online]")) {
    choice.checked = choice.defaultChecked;
    choice.addEventListener("change", () => arealplan.setOnline(choice.value));
  }
};

// What our base map draws: hidden while another stands in its place.
arealplan.BASE_SLOTS = [0, 2];
arealplan.covered = (layer) => arealplan.online && arealplan.BASE_SLOTS.includes(layer.slot);
