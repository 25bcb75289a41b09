// The row of tools over the map, and the line below it that tells what they do.
arealplan.say = (text) => {
  document.getElementById("tool-status").textContent = text;
};

arealplan.mode = null;

// One tool at a time: "ask" (the keyboard's cross), "distance", "area", or none.
arealplan.setMode = (mode, { focus = true } = {}) => {
  const next = arealplan.mode === mode ? null : mode;
  arealplan.mode = next;
  arealplan.measure(next === "distance" || next === "area" ? next : null);
  arealplan.cross = false;
  for (const name of ["ask", "distance", "area"]) {
    document.getElementById(`tool-${name}`).setAttribute("aria-pressed", String(name === next));
  }
  document.getElementById("tool-actions").hidden = !arealplan.measured;
  arealplan.say(next ? arealplan.t(next === "ask" ? "ask.keys" : "measure.keys") : "");
  if (next && focus) arealplan.map.getContainer().focus();
  arealplan.over.request();
};

arealplan.copyLink = async () => {
  arealplan.writeHash();
  const text = location.href;
  try {
    await navigator.clipboard.writeText(text);
    arealplan.say(arealplan.t("link.copied"));
  } catch {
    // A page from a file share may have no clipboard: then the reader copies the link.
    const field = document.getElementById("link-field");
    field.hidden = false;
    field.value = text;
    field.focus();
    field.select();
    arealplan.say(arealplan.t("link.copy"));
  }
};

function modeKeys(event) {
  const map = arealplan.panes.map((pane) => pane.map)
    .find((one) => one.getContainer() === event.target);
  if (event.key === "Enter" && map) {
    event.preventDefault();
    const centre = map.getCenter();
    if (arealplan.measured) arealplan.addMeasured(centre);
    else arealplan.ask(centre.lng, centre.lat, { focus: true, back: map.getContainer() });
  } else if (event.key === "Backspace" && arealplan.measured) {
    event.preventDefault();
    arealplan.undoMeasured();
  } else if (event.key === "Escape" && arealplan.mode && !arealplan.popup) {
    event.stopPropagation();
    const button = document.getElementById(`tool-${arealplan.mode}`);
    arealplan.setMode(null);
    button.focus();
  }
}

function startFull() {
  const button = document.getElementById("tool-full"), box = document.querySelector("main.map");
  if (!document.fullscreenEnabled) {
    button.hidden = true;
    return;
  }
  button.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else box.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => {
    button.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    for (const { map } of arealplan.panes) map.invalidateSize({ animate: false });
  });
}

arealplan.startTools = () => {
  for (const name of ["ask", "distance", "area"]) {
    document.getElementById(`tool-${name}`)
      .addEventListener("click", () => arealplan.setMode(name));
  }
  document.getElementById("tool-link").addEventListener("click", arealplan.copyLink);
  document.getElementById("link-field").addEventListener("blur", (event) => {
    event.target.hidden = true;
  });
  document.getElementById("tool-undo").addEventListener("click", arealplan.undoMeasured);
  document.getElementById("tool-clear").addEventListener("click", () => {
    arealplan.measured.points = [];
    arealplan.say(arealplan.t("measure.start"));
    arealplan.over.request();
  });
  for (const { map } of arealplan.panes) toolsOn(map);
  startFull();
  arealplan.startSearch();
  arealplan.startPlace();
  arealplan.startSave();
  arealplan.startHover();
  document.getElementById("tools").hidden = false;
};

function toolsOn(map) {
  const box = map.getContainer();
  box.addEventListener("keydown", modeKeys);
  // The cross shows where Enter would ask or measure, as long as the keyboard moves the map.
  const cross = (on) => {
    arealplan.cross = on && box.matches(":focus-visible");
    arealplan.over.request();
  };
  box.addEventListener("focus", () => cross(true));
  box.addEventListener("blur", () => cross(false));
  box.addEventListener("keydown", () => cross(document.activeElement === box));
  box.addEventListener("mousedown", () => cross(false));
  map.on("move", () => { if (arealplan.cross) arealplan.over.request(); });
  map.on("mousemove", (event) => {
    if (!arealplan.measured?.points.length) return;
    arealplan.measured.moving = [event.latlng.lng, event.latlng.lat];
    arealplan.over.request();
  });
  map.on("mouseout", () => {
    if (arealplan.measured) arealplan.measured.moving = null;
  });
}
