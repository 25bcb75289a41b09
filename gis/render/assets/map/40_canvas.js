// One canvas for the whole map: every layer in its slot, so that order, hatches, casings and
// clicks are the same everywhere and no shape becomes a nameless stop for the Tab key.
arealplan.Canvas = L.Renderer.extend({
  options: { padding: 0.15, pane: "overlayPane" },

  initialize(options) {
    L.Renderer.prototype.initialize.call(this, options);
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.drawn = {};
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.setAttribute("aria-hidden", "true");
    this._ctx = this._container.getContext("2d");
  },

  _destroyContainer() {
    L.DomUtil.remove(this._container);
    delete this._ctx;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    this.align();
    const size = this._bounds.getSize(), canvas = this._container;
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = Math.round(this.ratio * size.x);
    canvas.height = Math.round(this.ratio * size.y);
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    this.draw({ moved: true });
  },

  // At 125 % or 150 % a step of four pixels on the screen is whole dots, so that what a pan
  // leaves in view can be copied.
  align() {
    if (Number.isInteger(this.ratio)) return;
    const origin = this._map.getPixelOrigin(), { min, max } = this._bounds;
    const snap = (point, to) => L.point(to((origin.x + point.x) / 4), to((origin.y + point.y) / 4))
      .multiplyBy(4).subtract(origin);
    this._bounds = L.bounds(snap(min, Math.floor), snap(max, Math.ceil));
  },

  // Several layers that arrive in one frame are drawn once.
  request() {
    this.twin?.request();
    if (this._frame) return;
    this._frame = requestAnimationFrame(() => {
      this._frame = null;
      if (this._ctx && this._bounds && !this._map._animatingZoom) this.draw();
    });
  },

  // frame: the part of the canvas that is seen.
  view() {
    const origin = this._map.getPixelOrigin().add(this._bounds.min);
    const size = this._bounds.getSize(), seen = this._map.getPixelBounds();
    return { scale: 2 ** this._map.getZoom(), ox: origin.x, oy: origin.y,
      w: size.x, h: size.y, ratio: this.ratio, zoom: this._map.getZoom(),
      side: this.options.side, frame: [seen.min.x - origin.x, seen.min.y - origin.y,
        seen.max.x - origin.x, seen.max.y - origin.y] };
  },

  clear(view) {
    this._ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this._ctx.clearRect(0, 0, view.w, view.h);
    return this._ctx;
  },

  // moved: nothing but the place changed since the last drawing.
  draw({ moved = false } = {}) {
    const view = this.view(), ctx = this.clear(view);
    arealplan.drawGround(this, ctx, view, moved);
    arealplan.drawSelected(ctx, view);
    arealplan.drawPlaces(ctx, view);
  },
});

// On one of two maps side by side are the layers of its side and those of both.
arealplan.onSide = (layer, side) => !side || !layer.side || layer.side === side;

arealplan.visible = (side) => [...arealplan.layers.values()]
  .filter((layer) => layer._map && arealplan.onSide(layer, side) && !arealplan.covered(layer))
  .sort((a, b) => a.slot - b.slot || a.order - b.order);
