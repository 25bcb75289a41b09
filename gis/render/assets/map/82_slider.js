// A slider over the classes of a layer (levels, years): one is on the map at a time.
arealplan.slider = (id) => document.querySelector(`input[data-slider="${CSS.escape(id)}"]`);

// The step a slider shows before it is moved; a step that is not there leads to it.
arealplan.sliderStart = (layer) => Number(arealplan.slider(layer.id).defaultValue);

arealplan.setSlider = (layer, at) => {
  const input = arealplan.slider(layer.id);
  layer.step = Math.min(at < 0 ? arealplan.sliderStart(layer) : at, layer.classes.length - 1);
  layer.gone = new Set(layer.classOf.flatMap((c, f) => (c === layer.step ? [] : [f])));
  input.value = String(layer.step);
  arealplan.labelSlider(layer);
  if (arealplan.selected?.layer === layer) arealplan.closePopup();
  arealplan.renderer.request();
  arealplan.over.request();
  arealplan.writeHash();
};

arealplan.labelSlider = (layer) => {
  if (layer.step === undefined) return;
  const title = arealplan.pick(layer.classes[layer.step].title);
  arealplan.slider(layer.id).setAttribute("aria-valuetext", title);
  document.querySelector(`[data-slider-text="${CSS.escape(layer.id)}"]`).textContent = title;
};

arealplan.loadSliders = () => Promise.all(arealplan.config.sliders.map(async (id) => {
  const layer = await arealplan.layers.get(id).ready();
  const wanted = arealplan.sliderWanted?.[id];
  const found = layer.classes.findIndex((one) => one.key === wanted);
  arealplan.slider(id).addEventListener("input", (event) => {
    // Who moves the slider wants to see it.
    if (!layer._map) arealplan.toggle(id, true);
    arealplan.setSlider(layer, Number(event.target.value));
  });
  arealplan.setSlider(layer, found);
}));

// The link's part: layer~class for each slider that was moved.
arealplan.sliderHash = () => arealplan.config.sliders.map((id) => arealplan.layers.get(id))
  .filter((layer) => layer.step !== undefined && layer.step !== arealplan.sliderStart(layer))
  .map((layer) => encodeURIComponent(`${layer.id}~${layer.classes[layer.step].key}`)).join("!");

arealplan.readSliders = (text) => {
  const pairs = text.split("!").map((part) => part.split("~"));
  arealplan.sliderWanted = Object.fromEntries(pairs.filter((pair) => pair.length === 2));
  for (const id of arealplan.config.sliders) {
    const layer = arealplan.layers.get(id);
    if (layer.step === undefined) continue;
    const at = layer.classes.findIndex((one) => one.key === arealplan.sliderWanted[id]);
    arealplan.setSlider(layer, at);
  }
};
