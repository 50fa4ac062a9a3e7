// On narrow screens the cells of a row are stacked; each shows the name of its column.
const name = () => {
  for (const table of document.querySelectorAll("table.stacked")) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((head) => head.textContent.trim());
    for (const row of table.tBodies[0]?.rows ?? []) {
      if (row.cells.length === heads.length) heads.forEach((head, place) => { if (place > 0 && head) row.cells[place].dataset.name = head; });
    }
  }
};

name();
document.addEventListener("htmx:after:swap", name);
