// The panel that tells about one place; its link opens it again.
arealplan.asked = null;

arealplan.ask = async (lon, lat, { focus = false, back = null } = {}) => {
  arealplan.asked = { lon: Number(lon.toFixed(5)), lat: Number(lat.toFixed(5)), back };
  const mine = arealplan.asked;
  await arealplan.readyToAsk();
  if (arealplan.asked !== mine) return;
  arealplan.pin = arealplan.project(mine.lon, mine.lat);
  arealplan.over.request();
  arealplan.renderPlace();
  arealplan.writeHash();
  const box = document.getElementById("place"), panel = box.parentElement;
  if (panel.scrollHeight > panel.clientHeight) panel.scrollTop = 0;
  // Focus at once would let the key that asked press a button of the panel.
  if (focus) setTimeout(() => box.focus(), 30);
};

arealplan.closePlace = ({ restore = false } = {}) => {
  const old = arealplan.asked;
  if (!old) return;
  arealplan.asked = null;
  arealplan.pin = null;
  document.getElementById("place").hidden = true;
  arealplan.over.request();
  arealplan.writeHash();
  if (restore) (old.back?.isConnected ? old.back : arealplan.map.getContainer()).focus();
};

arealplan.renderPlace = () => {
  if (!arealplan.asked) return;
  const { lon, lat } = arealplan.asked, answers = arealplan.answers(lon, lat);
  const [east, north] = arealplan.working(lon, lat);
  document.getElementById("place-where").textContent = arealplan.t("ask.where", {
    lat: arealplan.number(lat, 5), lon: arealplan.number(lon, 5),
    north: arealplan.number(north, 0), east: arealplan.number(east, 0),
    zone: String(arealplan.config.epsg % 100),
  });
  const address = arealplan.nearestAddress(lon, lat), line = document.getElementById("place-address");
  line.hidden = !address;
  if (address) {
    line.textContent = arealplan.t("ask.address", {
      name: address.name, metres: arealplan.number(address.metres, 0),
    });
  }
  const list = document.getElementById("place-answers");
  list.replaceChildren(...answers.map(answerRow));
  const widest = Math.max(0, ...answers.filter((a) => a.layer.shapes.kind === "polygon")
    .map((a) => a.layer.tolerance));
  document.getElementById("place-tolerance").textContent = arealplan.t("ask.tolerance", {
    metres: arealplan.number(Math.ceil(widest), 0),
  });
  const absent = document.getElementById("place-absent");
  absent.hidden = !arealplan.config.absent.length;
  absent.textContent = arealplan.t("ask.absent", {
    layers: arealplan.config.absent.map((x) => arealplan.pick(x)).join(", "),
  });
  document.getElementById("place").hidden = false;
};

function answerRow(answer) {
  const { layer, state, hits } = answer, row = arealplan.el("div", `answer answer-${state}`);
  row.dataset.answer = layer.id;
  row.append(arealplan.el("dt", "", arealplan.pick(layer.title)));
  const lines = hits.length ? hits.slice(0, 5).map((hit) => hitText(layer, hit))
    : [arealplan.t(state === "none" && yesNo(layer) ? "ask.no" : `ask.${state}`)];
  for (const line of lines) row.append(arealplan.el("dd", "", line));
  if (hits.length > 5) {
    row.append(arealplan.el("dd", "", arealplan.t("ask.more", { n: String(hits.length - 5) })));
  }
  if (answer.near) {
    const metres = arealplan.number(Math.ceil(layer.tolerance), 0);
    row.append(arealplan.el("dd", "near", arealplan.t("ask.near", { metres })));
  }
  return row;
}

// A layer of one class without names says no more than yes or no.
const yesNo = (layer) => layer.shapes.kind === "polygon" && !layer.nameField
  && layer.classes.length === 1 && layer.classes[0].key === "all";

function hitText(layer, { feature, metres }) {
  const told = arealplan.told(layer, feature).join(", ");
  if (metres === undefined) return told;
  return `${told}: ${arealplan.number(Math.round(metres), 0)}\u00a0m`;
}

arealplan.startPlace = () => {
  document.getElementById("place-close").addEventListener("click", () => {
    arealplan.closePlace({ restore: true });
  });
  document.getElementById("place-link").addEventListener("click", arealplan.copyLink);
  document.getElementById("place").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    arealplan.closePlace({ restore: true });
  });
};
