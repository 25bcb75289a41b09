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
    const rows = [...table.tBodies[0].rows];
    const words = rows.map((row) => [...row.cells]
      .filter((cell) => !cell.classList.contains("show"))
      .map((cell) => cell.textContent).join(" ").toLocaleLowerCase("nb"));
    const told = document.getElementById(`${input.dataset.filters}-count`);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase("nb");
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = wanted !== "" && !words[i].includes(wanted);
        if (!row.hidden) shown++;
      });
      told.textContent = wanted ? `${shown} / ${rows.length}` : "";
    });
  }
};
