"use strict";
// Sorting and searching for the table of students. The page is complete without it.
const table = document.getElementById("students");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const headers = Array.from(table.tHead.rows[0].cells);
const shown = document.getElementById("shown");

function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compare(left, right) {
  return typeof left === "number" ? left - right : left.localeCompare(right, undefined, { numeric: true });
}

headers.forEach((header, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => {
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    headers.forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    rows.sort((a, b) => compare(key(a, column), key(b, column)) * (ascending ? 1 : -1));
    body.append(...rows);
  });
});

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
