// Wire the page together once folium's script has made the map and its layers.
arealplan.start = (map) => {
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  for (const pane of arealplan.panes) pane.map.getContainer().tabIndex = 0;
  arealplan.startPanel();
  arealplan.startOnline();
  arealplan.startPopups();
  arealplan.startTables();
  arealplan.startPrint();
  arealplan.startTools();
  arealplan.readHash();
  arealplan.started = true;
  map.on("moveend", arealplan.writeHash);
  window.addEventListener("hashchange", arealplan.readHash);
  arealplan.done = Promise.all([
    arealplan.loadPlaces(),
    arealplan.loadLive(),
    arealplan.loadWeights(),
    arealplan.loadSliders(),
    ...[...arealplan.layers.values()].filter((layer) => layer._map).map((layer) => layer.ready()),
  ]).then(() => new Promise((resolve) => {
    for (const { renderer } of arealplan.panes) renderer.draw();
    document.documentElement.dataset.ready = "true";
    resolve();
  })).catch(() => {
    // An old browser cannot unpack the data; the tables below do not need it.
    map.getContainer().after(arealplan.el("p", "failed", arealplan.t("failed")));
  });
};
