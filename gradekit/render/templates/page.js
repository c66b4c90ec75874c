"use strict";
// Sorting of tables, and searching for students. The page is complete without it.
function key(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
  const number = Number(text.replace("\u2212", "-"));
  return text === "" || Number.isNaN(number) ? text : number;
}

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}

function sortable(table) {
  const headers = Array.from(table.tHead.rows[0].cells);
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const ascending = header.getAttribute("aria-sort") !== "ascending";
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const keyed = Array.from(table.tBodies[0].rows, (row) => [key(row, column), row]);
      keyed.sort((a, b) => compare(a[0], b[0]) * (ascending ? 1 : -1));
      table.tBodies[0].append(...keyed.map((pair) => pair[1]));
    });
  });
}
document.querySelectorAll("table.sortable").forEach(sortable);

const rows = Array.from(document.getElementById("students").tBodies[0].rows);
const shown = document.getElementById("shown");
const search = document.getElementById("search");
search.hidden = false;
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLocaleLowerCase();
  let count = 0;
  for (const row of rows) {
    row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
    count += !row.hidden;
  }
  shown.textContent = `${count} of ${rows.length} shown`;
});

// A link to a student's part opens it.
function openPart() {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part && part.tagName === "DETAILS") part.open = true;
}
window.addEventListener("hashchange", openPart);
openPart();
