// Search over place names, named features and table rows; or a pair of coordinates.
// What can be found; null where it has to be gathered anew.
arealplan.searched = null;

arealplan.searchEntries = async () => {
  const layers = [...arealplan.layers.values()].filter((layer) => arealplan.boxOf(layer.id));
  await Promise.all([arealplan.loadAddresses(), ...layers.map((layer) => layer.ready())]);
  const entries = arealplan.places.map((place) => ({
    name: place.name, kind: { text: "search.place" }, place,
  }));
  const seen = new Set();
  for (const layer of layers.filter((one) => one.nameField && one.interactive)) {
    layer.columns[layer.nameField].forEach((name, feature) => {
      if (name === null || name === "") return;
      seen.add(`${layer.id} ${feature}`);
      entries.push({ name: String(name), kind: { title: layer.title }, layer, feature });
    });
  }
  return entries.concat(arealplan.streetEntries(), rowEntries(seen));
};

// Rows of tables; those that speak of a feature found above are that feature.
function rowEntries(seen) {
  const entries = [];
  for (const table of document.querySelectorAll(".tables table")) {
    for (const row of table.tBodies[0].rows) {
      const button = row.querySelector("button[data-feature]");
      const key = button ? `${button.dataset.target} ${button.dataset.feature}` : "";
      if (row.classList.contains("total") || seen.has(key)) continue;
      entries.push({ name: arealplan.rowName(row), kind: { node: table.caption }, row, button });
    }
  }
  return entries;
}

arealplan.rowName = (row) => {
  const named = row.querySelector("button[data-feature] .hidden");
  const cells = [...row.cells].filter((cell) => !cell.classList.contains("show"));
  const words = named ? [named] : cells.filter((cell) => !cell.classList.contains("number"));
  return words.slice(0, 2).map((cell) => arealplan.cellText(cell)).join(" ").trim();
};

// Names that start with the words first, then those with a word that does, then the rest.
arealplan.search = (entries, typed) => {
  const wanted = typed.trim().toLocaleLowerCase("nb");
  if (!wanted) return [];
  const ranked = [];
  entries.forEach((entry, order) => {
    const name = entry.name.toLocaleLowerCase("nb"), at = name.indexOf(wanted);
    if (at < 0) return;
    ranked.push({ entry, order, rank: at === 0 ? 0 : /[\s\-/(]/.test(name[at - 1]) ? 1 : 2 });
  });
  ranked.sort((a, b) => a.rank - b.rank || a.order - b.order);
  return ranked.slice(0, 10).map((one) => one.entry);
};

// "59.91 10.52", "59,91; 10,52": latitude, then longitude.
arealplan.coordinates = (typed) => {
  const parts = typed.trim().split(/\s*;\s*|,\s+|\s+/);
  if (parts.length !== 2) return null;
  const [lat, lon] = parts.map((part) => (/^-?\d+([.,]\d+)?°?$/.test(part)
    ? Number.parseFloat(part.replace(",", ".")) : NaN));
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { lat, lon } : null;
};

arealplan.startSearch = () => {
  const input = document.getElementById("search"), list = document.getElementById("search-list");
  const state = { found: [], at: -1 };
  const close = () => {
    list.hidden = true;
    state.at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (at) => {
    state.at = at;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (entry) => {
    close();
    if (entry) arealplan.goTo(entry, input);
  };
  const show = () => {
    const typed = input.value, at = arealplan.coordinates(typed);
    state.found = at ? [{ name: typed.trim(), kind: { text: "search.coordinates" }, at }]
      : [...arealplan.addressEntries(typed), ...arealplan.search(arealplan.searched, typed)]
        .slice(0, 10);
    list.replaceChildren(...state.found.map((entry, i) => option(entry, i, choose)));
    list.hidden = !state.found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(-1);
    const told = state.found.length ? "search.found" : "search.nothing";
    arealplan.say(typed.trim() ? arealplan.t(told, { n: String(state.found.length) }) : "");
  };
  input.addEventListener("input", async () => {
    arealplan.searched ||= await arealplan.searchEntries();
    show();
  });
  input.addEventListener("blur", () => {
    setTimeout(() => { if (document.activeElement !== input) close(); }, 150);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !list.hidden) {
      event.preventDefault();
      mark((state.at + step + state.found.length) % state.found.length);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      choose(state.found[Math.max(state.at, 0)]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
};

function option(entry, i, choose) {
  const node = arealplan.el("li");
  node.id = `search-${i}`;
  node.setAttribute("role", "option");
  node.setAttribute("aria-selected", "false");
  const { text, title, node: caption } = entry.kind;
  const kind = text ? arealplan.t(text) : title ? arealplan.pick(title) : arealplan.cellText(caption);
  node.append(arealplan.el("span", "name", entry.name), arealplan.el("span", "kind", kind));
  // Down, not click: a click would come after the field has lost focus and the list is gone.
  node.addEventListener("mousedown", (event) => {
    event.preventDefault();
    choose(entry);
  });
  return node;
}

// Go to what was found, and say what every layer says there.
arealplan.goTo = async (entry, back) => {
  if (entry.layer || entry.button) {
    const id = entry.layer?.id ?? entry.button.dataset.target;
    const feature = entry.feature ?? Number(entry.button.dataset.feature);
    const place = await arealplan.show(id, feature, {});
    await arealplan.ask(place.lng, place.lat, { focus: true, back });
  } else if (entry.row) {
    const details = entry.row.closest("details");
    if (details) details.open = true;
    entry.row.hidden = false;
    entry.row.tabIndex = -1;
    entry.row.scrollIntoView({ block: "center" });
    entry.row.focus({ preventScroll: true });
  } else {
    const place = entry.at ? L.latLng(entry.at.lat, entry.at.lon)
      : arealplan.latlng(entry.place.x, entry.place.y);
    arealplan.closePopup();
    const least = entry.street ? 15 : entry.at ? 16 : 14;
    arealplan.map.setView(place, Math.max(arealplan.map.getZoom(), least), { animate: false });
    await arealplan.ask(place.lng, place.lat, { focus: true, back });
  }
};
