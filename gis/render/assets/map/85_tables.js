// Tables: a filter, and a button per row that shows the row's place.
arealplan.startTables = () => {
  arealplan.startSort();
  for (const button of document.querySelectorAll("button[data-feature]")) {
    button.addEventListener("click", () => arealplan.show(
      button.dataset.target, Number(button.dataset.feature), { focus: true, back: button },
    ));
  }
  for (const input of document.querySelectorAll("input[data-filters]")) {
    const table = document.getElementById(input.dataset.filters);
    input.addEventListener("input", () => filterRows(table, input));
  }
};

function filterRows(table, input) {
  const wanted = input.value.trim().toLocaleLowerCase("nb"), rows = [...table.tBodies[0].rows];
  for (const row of rows) {
    const words = [...row.cells].filter((cell) => !cell.classList.contains("show"))
      .map((cell) => cell.textContent).join(" ").toLocaleLowerCase("nb");
    row.hidden = wanted !== "" && !words.includes(wanted);
  }
  const shown = rows.filter((row) => !row.hidden).length;
  document.getElementById(`${table.id}-count`).textContent = wanted ? `${shown} / ${rows.length}` : "";
}

// Filter a table whose rows are new by what its field says.
arealplan.filterAgain = (table) => {
  const input = document.querySelector(`input[data-filters="${CSS.escape(table.id)}"]`);
  if (input) filterRows(table, input);
  arealplan.searched = null;
};
