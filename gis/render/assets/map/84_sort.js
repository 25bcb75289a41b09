// Sort a table by a column: numbers as numbers, what is no number last, the total below all.
arealplan.sortTable = (table, column, descending) => {
  const body = table.tBodies[0];
  const number = table.tHead.rows[0].cells[column].classList.contains("number");
  const keyed = [...body.rows].map((row, order) => {
    const text = arealplan.cellText(row.cells[column]);
    const date = /^(\d\d)\.(\d\d)\.(\d{4})$/.exec(text);
    const key = number ? arealplan.readNumber(text) : date ? date.slice(1).reverse().join("") : text;
    const missing = number ? Number.isNaN(key) : text === "" || text === "\u2013";
    return { row, order, key, last: row.classList.contains("total") ? 2 : missing ? 1 : 0 };
  });
  const compare = (a, b) => (number ? a - b
    : a.localeCompare(b, arealplan.lang, { numeric: true, sensitivity: "base" }));
  keyed.sort((a, b) => a.last - b.last
    || (a.last === 0 ? (descending ? -1 : 1) * compare(a.key, b.key) : 0) || a.order - b.order);
  body.append(...keyed.map((one) => one.row));
  [...table.tHead.rows[0].cells].forEach((cell, i) => {
    if (i === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
};

// Rows in the order they came, whatever they are sorted by now.
arealplan.rowsOf = (table) => {
  arealplan.rowOrder ||= new Map();
  if (!arealplan.rowOrder.has(table)) arealplan.rowOrder.set(table, [...table.tBodies[0].rows]);
  return arealplan.rowOrder.get(table);
};

// Sort again by what a table is sorted by, after its numbers have changed.
arealplan.resort = (table) => {
  const cells = [...table.tHead.rows[0].cells];
  const column = cells.findIndex((cell) => cell.hasAttribute("aria-sort"));
  if (column < 0) return;
  arealplan.sortTable(table, column, cells[column].getAttribute("aria-sort") === "descending");
};

arealplan.startSort = () => {
  for (const table of document.querySelectorAll(".tables table")) {
    arealplan.rowsOf(table);
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      if (cell.classList.contains("show") || table.tBodies[0].rows.length < 2) return;
      const button = arealplan.el("button", "sort");
      button.type = "button";
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        arealplan.sortTable(table, column, cell.getAttribute("aria-sort") === "ascending");
      });
    });
  }
};
