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
  const map = L.map(id, {
    minZoom: options.minZoom, maxZoom: options.maxZoom,
    zoomSnap: options.zoomSnap, zoomDelta: options.zoomDelta,
    zoomControl: false, attributionControl: false, renderer: L.svg(),
    zoomAnimation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    fadeAnimation: false, inertia: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  arealplan.map = map;
  arealplan.extent = L.latLngBounds(extent);
  map.fitBounds(arealplan.extent, { padding: [8, 8], animate: false });
  map.setMaxBounds(arealplan.extent.pad(1.5));
  arealplan.firstZoom = map.getZoom();
  arealplan.renderer = new arealplan.Canvas().addTo(map);
  arealplan.over = new arealplan.Over().addTo(map);
  return map;
};
