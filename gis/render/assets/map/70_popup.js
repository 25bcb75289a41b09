// Popups: built with textContent only; a dialog that takes focus when a row opened it.
arealplan.selected = null;

arealplan.openPopup = (found, latlng, { focus = false, back = null, map = null } = {}) => {
  arealplan.closePopup();
  const [first] = found;
  arealplan.selected = first;
  const node = arealplan.popupNode(found), on = map || arealplan.mapOf(first.layer);
  const popup = L.popup({
    closeButton: false, autoClose: false, closeOnClick: false, closeOnEscapeKey: false,
    maxWidth: 300, minWidth: 200, autoPanPadding: [16, 16], keepInView: false,
  }).setLatLng(latlng).setContent(node).openOn(on);
  arealplan.popup = { popup, node, back, found, map: on };
  arealplan.renderer.request();
  // Focus at once would let the key that opened the popup press its close button.
  if (focus) setTimeout(() => node.focus({ preventScroll: true }), 30);
};

arealplan.closePopup = ({ restore = false } = {}) => {
  const open = arealplan.popup;
  if (!open) return;
  arealplan.popup = null;
  arealplan.selected = null;
  open.popup.remove();
  arealplan.renderer.request();
  if (restore) (open.back || open.map.getContainer()).focus();
};

arealplan.popupNode = (found) => {
  const node = arealplan.el("div", "popup");
  node.setAttribute("role", "dialog");
  node.tabIndex = -1;
  const parts = found.map(({ layer, feature }) => popupPart(layer, feature));
  node.setAttribute("aria-label", parts[0].firstChild.textContent);
  const close = arealplan.el("button", "popup-close", arealplan.t("close"));
  close.type = "button";
  close.addEventListener("click", () => arealplan.closePopup({ restore: true }));
  node.append(...parts, close);
  return node;
};

function popupPart(layer, feature) {
  const part = arealplan.el("section", "popup-part");
  const name = layer.nameField ? layer.columns[layer.nameField][feature] : null;
  const title = arealplan.pick(layer.title);
  part.append(arealplan.el("h3", "", name ? String(name) : title));
  if (name) part.append(arealplan.el("p", "popup-layer", title));
  const look = arealplan.pick(layer.classes[layer.classOf[feature]].title);
  const told = layer.fields.map((f) => arealplan.written(f, layer.columns[f.name][feature]));
  if (layer.classes.length > 1 && !told.includes(look)) {
    part.append(arealplan.el("p", "popup-class", look));
  }
  const list = arealplan.el("dl");
  for (const field of layer.fields) {
    if (field.name === layer.nameField) continue;
    const value = layer.columns[field.name][feature];
    if (value === null || value === "") continue;
    const row = arealplan.el("div");
    row.append(arealplan.el("dt", "", arealplan.pick(field.title)));
    row.append(arealplan.el("dd", "", arealplan.written(field, value)));
    list.append(row);
  }
  if (list.childElementCount) part.append(list);
  return part;
}

arealplan.startPopups = () => {
  for (const { map, side } of arealplan.panes) {
    map.on("click", ({ latlng }) => {
      if (arealplan.measured) {
        arealplan.addMeasured(latlng);
        return;
      }
      arealplan.ask(latlng.lng, latlng.lat);
      const found = arealplan.hits(latlng, side);
      if (found.length) arealplan.openPopup(found, latlng, { map });
      else arealplan.closePopup();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && arealplan.popup) arealplan.closePopup({ restore: true });
  });
};

// Show one feature of one layer: switch the layer on, zoom to it, open its popup.
arealplan.show = async (id, feature, options) => {
  const layer = arealplan.layers.get(id);
  arealplan.toggle(id, true);
  await layer.ready();
  const [x, y] = arealplan.within(layer.shapes, feature);
  arealplan.map.fitBounds(layer.bounds(feature), { maxZoom: 15, padding: [60, 60], animate: false });
  arealplan.openPopup([{ layer, feature }], arealplan.latlng(x, y), options);
  const box = arealplan.mapOf(layer).getContainer();
  box.scrollIntoView({ block: "nearest" });
  return arealplan.latlng(x, y);
};
