// Print: a map of fixed size, drawn finer, put back afterwards.
arealplan.startPrint = () => {
  let before = null;
  window.addEventListener("beforeprint", () => {
    if (before) return;
    const { map, renderer } = arealplan;
    before = { bounds: map.getBounds(), centre: map.getCenter(), zoom: map.getZoom(),
      ratio: renderer.ratio,
      closed: [...document.querySelectorAll(".panel details:not([open])")] };
    for (const details of before.closed) details.open = true;
    arealplan.closePopup();
    document.documentElement.classList.add("printing");
    renderer.ratio = 3;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(before.bounds, { animate: false });
    renderer._update();
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    const { map, renderer } = arealplan;
    document.documentElement.classList.remove("printing");
    renderer.ratio = before.ratio;
    for (const details of before.closed) details.open = false;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(before.centre, before.zoom, { animate: false });
    renderer._update();
    before = null;
  });
};
