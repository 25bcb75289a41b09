// The weights in the reader's hand: whole points times whole weights, added up cell by cell.
// Everything that follows is worded as the command line words it with the same weights.
arealplan.weights = null;

arealplan.loadWeights = async () => {
  if (!document.getElementById("data-weights")) return;
  const data = await arealplan.unpack("weights");
  const layer = await arealplan.layers.get(data.layer).ready();
  const wanted = arealplan.weights?.now;
  arealplan.weights = { data, layer, kept: keptNodes(data), columns: { ...layer.columns } };
  for (const field of weightFields()) field.addEventListener("change", () => fromFields());
  document.getElementById("weights-back").addEventListener("click", () => {
    arealplan.setWeights(data.own);
    weightFields()[0].focus();
  });
  document.getElementById("weights").hidden = false;
  await arealplan.layers.get(data.top)?.ready();
  arealplan.setWeights(wanted ?? data.own);
};

const weightFields = () => [...document.querySelectorAll("[data-weight]")];
const fromFields = () => arealplan.setWeights(weightFields().map((one) => Number(one.value)));

// What the page says of its own weights, to be put back as it was.
function keptNodes(data) {
  const nodes = ["value", "finding", "sentence", "params"].flatMap(liveNodes);
  const figures = liveNodes("figures");
  for (const at of [...Object.values(data.figures), data.unknown]) nodes.push(figures[at]);
  return nodes.map((node) => [node, [...node.childNodes]]);
}

const liveNodes = (name) => [...document.querySelectorAll(`[data-live="${name}"]`)];

arealplan.setWeights = (given) => {
  const { data } = arealplan.weights;
  const none = !given.some((weight) => weight > 0);
  document.getElementById("weights-none").hidden = !none;
  if (none) return;
  arealplan.weights.now = given;
  weightFields().forEach((field, i) => {
    field.selectedIndex = [...field.options].findIndex((one) => Number(one.value) === given[i]);
  });
  const own = given.every((weight, i) => weight === data.own[i]);
  document.getElementById("weights-moved").hidden = own;
  for (const node of document.querySelectorAll("[data-live-own]")) node.hidden = own;
  for (const [node, children] of arealplan.weights.kept) node.replaceChildren(...children);
  const scores = weightedScores(given);
  drawWeights(scores, own);
  if (!own) wordWeights(given, scores);
  arealplan.closePopup();
  arealplan.renderPlace();
  arealplan.renderer.request();
  arealplan.over.request();
  arealplan.writeHash();
};

// Points of 100 by cell; as fine as the command line rounds them.
function weightedScores(given) {
  const { points } = arealplan.weights.data;
  const whole = 10 * given.reduce((sum, weight) => sum + weight, 0);
  return points[0].map((_, cell) => {
    const sum = given.reduce((part, weight, i) => part + weight * points[i][cell], 0);
    return Math.round((1e7 * sum) / whole) / 1e7;
  });
}

function standingOf(state, score) {
  const { high, medium } = arealplan.weights.data;
  if (state === 2) return "excluded";
  if (state === 1) return score >= high ? "study_high" : "needs_study";
  if (score >= high) return "high";
  return score >= medium ? "medium" : "low";
}

function drawWeights(scores, own) {
  const { data, layer, columns } = arealplan.weights;
  const place = Object.fromEntries(layer.classes.map((one, i) => [one.key, i]));
  const standing = data.rows.map((row) => standingOf(data.state[row], scores[row]));
  layer.classOf = standing.map((key) => place[key]);
  layer.columns = { ...columns };
  if (!own) {
    // Rank and stability come of all cells and of draws: they are told of the map's own weights.
    for (const name of ["site_rank", "stability_share"]) {
      if (columns[name]) layer.columns[name] = columns[name].map(() => null);
    }
    if (columns.suited) layer.columns.suited = standing;
    if (columns.score) layer.columns.score = data.rows.map((row) => Number(fixed(scores[row], 1)));
  }
  liveLegend(layer);
  const top = arealplan.layers.get(data.top);
  if (top) top.gone = new Set(own ? [] : Array.from({ length: top.shapes.size }, (_, f) => f));
}

// As Python writes it: what lies half-way goes to the even digit.
function fixed(value, decimals) {
  const times = 10 ** decimals, whole = Math.floor(value * times);
  const half = value * times - whole === 0.5;
  return half ? ((whole + (whole % 2)) / times).toFixed(decimals) : value.toFixed(decimals);
}

const english = (value, decimals) => {
  const [whole, part] = fixed(value, decimals).split(".");
  return whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (part ? `.${part}` : "");
};

function wordWeights(given, scores) {
  const { data } = arealplan.weights, counts = {};
  data.state.forEach((state, i) => {
    const key = standingOf(state, scores[i]);
    counts[key] = (counts[key] || 0) + 1;
  });
  const well = counts.high || 0, share = `${english(100 * (well / data.state.length), 1)}%`;
  const told = { share, well: english(well, 0), ha: english(well * data.ha, 0),
    study: english(counts.study_high || 0, 0) };
  for (const node of liveNodes("value")) arealplan.put(node, share);
  for (const node of liveNodes("finding")) arealplan.put(node, filled(data.finding, told));
  const named = ["nb", "en"].map((lang) => data.titles.map(
    (title, i) => `${title[lang]} ${arealplan.unpackText(english(given[i], 0))[lang]}`).join(", "));
  for (const node of liveNodes("sentence")) {
    arealplan.put(node, ["nb", "en"].map(
      (lang, i) => data.sentence[lang].replace("{weights}", () => named[i])));
  }
  const figures = liveNodes("figures");
  for (const [name, at] of Object.entries(data.figures)) {
    arealplan.put(figures[at], english(counts[data.counted[name]] || 0, 0));
  }
  figures[data.unknown].textContent = "\u2013";
  weightParams(given);
  const words = ["arealplan analyse suitability", ...data.names.map((name, i) => `--${name} ${given[i]}`)];
  document.getElementById("weights-command").replaceChildren(
    ...words.flatMap((word, i) => [i ? " " : "", arealplan.el("span", "", word)]));
}

function filled(text, told) {
  return ["nb", "en"].map((lang) => text[lang].replace(/\{(\w+)\}/g,
    (_, name) => arealplan.unpackText(told[name])[lang]));
}

// The list of parameters, with the weights as they are now.
function weightParams(given) {
  const { data } = arealplan.weights, list = liveNodes("params")[0];
  if (!list) return;
  const now = [...list.children].map((node) => node.cloneNode(true));
  data.params.forEach((at, i) => {
    const node = now[2 * at + 1];
    if (Number(data.own[i]) !== given[i]) arealplan.put(node, english(given[i], 0));
  });
  list.replaceChildren(...now);
}

// The link's part: the weights, none at the map's own.
arealplan.weightsHash = () => {
  const { weights } = arealplan;
  if (!weights?.data || weights.now.every((weight, i) => weight === weights.data.own[i])) return "";
  return weights.now.join("~");
};

arealplan.readWeights = (text) => {
  const given = text.split("~").map(Number), fields = weightFields();
  const offered = (weight, i) => [...fields[i].options].some((one) => Number(one.value) === weight);
  if (given.length !== fields.length || !given.every(offered)) return;
  if (arealplan.weights?.data) arealplan.setWeights(given);
  else arealplan.weights = { now: given };
};
