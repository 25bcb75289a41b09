// A Leaflet layer around packed data: unpacked when first shown, drawn by the one canvas.
arealplan.Layer = L.Layer.extend({
  initialize(id) {
    this.id = id;
    this.order = arealplan.layers.size;
    this.slot = 0;
    arealplan.layers.set(id, this);
  },

  ready() {
    this._ready ||= arealplan.unpack(this.id).then((data) => {
      this.title = data.title;
      this.slot = data.slot;
      this.symbol = data.symbol;
      this.interactive = data.interactive;
      this.classes = data.classes;
      this.fields = data.fields;
      this.nameField = data.name;
      this.columns = data.columns;
      this.classOf = data.class;
      this.fade = data.fade;
      this.ask = data.ask;
      this.side = data.side;
      this.inside = data.inside;
      this.tolerance = data.tolerance;
      this.shapes = arealplan.decode(data.geometry);
      return this;
    });
    return this._ready;
  },

  onAdd() {
    this.ready().then(() => arealplan.renderer.request());
  },

  onRemove() {
    if (arealplan.selected?.layer === this) arealplan.selected = null;
    arealplan.renderer.request();
  },

  bounds(feature) {
    const b = this.shapes.box.subarray(4 * feature, 4 * feature + 4);
    return L.latLngBounds(arealplan.latlng(b[0], b[3]), arealplan.latlng(b[2], b[1]));
  },
});

arealplan.layer = (id) => new arealplan.Layer(id);

arealplan.map = (id, options, extent) => {
  const two = arealplan.config.sides;
  arealplan.extent = L.latLngBounds(extent);
  const main = arealplan.pane(id, options, two ? "before" : undefined);
  Object.assign(arealplan, main);
  arealplan.firstZoom = main.map.getZoom();
  arealplan.panes = [main];
  if (two) {
    arealplan.panes.push(arealplan.pane("map_after", options, "after"));
    arealplan.joinPanes();
  }
  return main.map;
};

// One map on the page with its two canvases; side is set where there are two.
arealplan.pane = (id, options, side) => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(id, {
    minZoom: options.minZoom, maxZoom: options.maxZoom,
    zoomSnap: options.zoomSnap, zoomDelta: options.zoomDelta,
    zoomControl: false, attributionControl: false, renderer: L.svg(),
    zoomAnimation: !still && !side, fadeAnimation: false, inertia: !still,
  });
  map.fitBounds(arealplan.extent, { padding: [8, 8], animate: false });
  map.setMaxBounds(arealplan.extent.pad(1.5));
  return { map, side, renderer: new arealplan.Canvas({ side }).addTo(map),
    over: new arealplan.Over({ side }).addTo(map) };
};
