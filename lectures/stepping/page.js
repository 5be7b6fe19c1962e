"use strict";
// The recording holds what changed in each step. The state at a step is all changes up to it, put together.
const { files, calls, steps } = JSON.parse(document.getElementById("recording").textContent);
const find = (id) => document.getElementById(id);
let at = 0; // the index of the step that is shown
let looked = 0; // the depth of the function whose variables are shown: that of the step, unless the stack was clicked

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const nameOf = (step) => calls[step.call][0];
const fileOf = (step) => calls[step.call][1];
const lastLine = (step) => files[fileOf(step)].last[step.line] ?? step.line;

function apply(values, changes) {
  for (const [name, value] of Object.entries(changes ?? {})) {
    if (value === null) values.delete(name);
    else values.set(name, value);
  }
}

function stateAt(index) {
  const variables = calls.map(() => null);
  const tape = new Map();
  const stack = [];
  let printed = "";
  for (const step of steps.slice(0, index + 1)) {
    apply((variables[step.call] ??= new Map()), step.variables);
    apply(tape, step.tape);
    printed += step.printed ?? "";
    stack.length = step.depth - 1;
    stack.push(step);
  }
  return { variables, tape, stack, printed };
}

// -- the source ----------------------------------------------------------------------------------------------

function showSource(step) {
  const file = files[fileOf(step)];
  const source = find("source");
  if (source.dataset.file !== `${fileOf(step)}`) {
    const ran = new Set(steps.filter((other) => fileOf(other) === fileOf(step)).map((other) => other.line));
    source.dataset.file = fileOf(step);
    source.replaceChildren(...file.text.split("\n").map((text, i) => row(text, i + 1, ran.has(i + 1), file.quiet[i + 1])));
    find("file").textContent = file.name;
  }
  for (const row of source.querySelectorAll(".here")) row.classList.remove("here");
  const rows = [...source.children].slice(step.line - 1, lastLine(step));
  for (const row of rows) row.classList.add("here");
  const top = rows[0].offsetTop - source.offsetTop;
  const bottom = rows.at(-1).offsetTop + rows.at(-1).offsetHeight - source.offsetTop;
  const margin = Math.min(60, source.clientHeight / 5);
  if (top < source.scrollTop + margin || bottom > source.scrollTop + source.clientHeight - margin) {
    source.scrollTop = top - source.clientHeight / 3;
  }
}

// A line. `quiet` is where its comment begins, or 0 if all of it is a part of a docstring.
function row(text, number, ran, quiet) {
  const code = quiet === undefined ? [text] : [text.slice(0, quiet), element("i", {}, text.slice(quiet))];
  const line = element("span", {}, ...code);
  const indent = text.search(/\S|$/) + 2; // where the rest of a line goes that is too long for the window
  line.style.paddingLeft = `${indent}ch`;
  line.style.textIndent = `-${indent}ch`;
  const made = element("div", { class: ran ? "row ran" : "row" }, element("b", {}, `${number}`), line);
  if (ran) made.dataset.line = number;
  return made;
}

function goToLine(line) {
  const file = fileOf(stateAt(at).stack[looked - 1]);
  const there = steps.map((step, i) => i).filter((i) => fileOf(steps[i]) === file && steps[i].line === line);
  go(there.find((i) => i > at) ?? there[0]);
}

// -- the state -----------------------------------------------------------------------------------------------

function tableRow(kind, cells) {
  const made = element("tr", kind ? { class: kind } : {}, ...cells.map((cell) => element("td", {}, cell)));
  if (kind.startsWith("changed")) made.firstChild.append(element("span", { class: "hidden" }, " (changed)"));
  return made;
}

function showStack(stack) {
  const entries = stack.map((step, i) => {
    const place = element("small", {}, ` ${files[fileOf(step)].name}:${step.line}`);
    const button = element("button", i === looked - 1 ? { "aria-current": "true" } : {}, nameOf(step), place);
    button.onclick = () => {
      looked = i + 1;
      show();
    };
    return element("li", {}, button);
  });
  find("stack").replaceChildren(...entries);
}

function showVariables(step, variables, isTop) {
  const changed = isTop ? step.variables ?? {} : {};
  const rows = [...variables].map(([name, value]) => tableRow(name in changed ? "changed" : "", [name, value]));
  if (isTop && step.event) rows.push(tableRow(step.event, [`${step.event}s`, step.value]));
  find("variables").tBodies[0].replaceChildren(...rows);
  find("variables-of").textContent = `Variables of ${nameOf(step)}${isTop ? " (● changed in this step)" : ""}`;
}

function showTape(tape, changed) {
  const leaves = [];
  const nodes = [];
  for (const [key, [name, op, shape, inputs, gradient, state]] of tape) {
    const kind = [state === "leaf" ? "" : state, key in changed && state !== "now" ? "changed" : ""].filter(Boolean).join(" ");
    if (state === "leaf") leaves.push(tableRow(kind, [name, shape, gradient || "None"]));
    else nodes.push([Number(name), tableRow(kind.split(" ").reverse().join(" "), [name, op, shape, inputs, gradient])]);
  }
  nodes.sort(([a], [b]) => a - b);
  find("leaves").tBodies[0].replaceChildren(...leaves);
  find("tape").tBodies[0].replaceChildren(...nodes.map(([, row]) => row));
}

function show() {
  const step = steps[at];
  const { variables, tape, stack, printed } = stateAt(at);
  const shown = stack[looked - 1];
  const isTop = shown === step;
  showSource(shown);
  showStack(stack);
  showVariables(shown, variables[shown.call], isTop);
  showTape(tape, step.tape ?? {});
  find("printed").textContent = printed;
  find("where").textContent = `step ${at + 1} of ${steps.length}: ${nameOf(step)}, line ${step.line}`;
  find("slider").value = at + 1;
  showAChange();
  find("back").disabled = at === 0;
  for (const id of ["step", "next", "out"]) find(id).disabled = at === steps.length - 1;
}

// If all rows that have changed are out of sight, as on a phone, scroll to the first.
function showAChange() {
  const rows = [...find("state").querySelectorAll("tr.changed, tr.return, tr.yield, tr.raise")];
  const isSeen = (row) => {
    const { top, bottom } = row.getBoundingClientRect();
    const around = [row.closest("#running, #on-the-tape"), find("state")].map((panel) => panel.getBoundingClientRect());
    return around.every((panel) => top >= panel.top && bottom <= panel.bottom);
  };
  if (!rows.some(isSeen)) rows[0]?.scrollIntoView({ block: "nearest" });
}

// -- moving --------------------------------------------------------------------------------------------------

function go(index) {
  at = Math.max(0, Math.min(steps.length - 1, index));
  looked = steps[at].depth;
  show();
  history.replaceState(null, "", `#${at + 1}`);
}

// The first step after this one that is not deeper than `depth`.
function until(depth) {
  const after = steps.findIndex((step, i) => i > at && step.depth <= depth);
  go(after < 0 ? steps.length - 1 : after);
}

const moves = {
  back: () => go(at - 1),
  step: () => go(at + 1),
  next: () => until(steps[at].depth),
  out: () => until(steps[at].depth - 1),
  first: () => go(0),
  last: () => go(steps.length - 1),
};

const keys = {
  ArrowRight: "step", ArrowLeft: "back", ArrowDown: "next", ArrowUp: "out", Home: "first", End: "last",
  s: "step", b: "back", n: "next", o: "out",
};

// The number of a step, or the name of a function: its first step.
function fromHash() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const named = steps.findIndex((step) => nameOf(step) === wanted);
  return named < 0 ? (Number.parseInt(wanted, 10) || 1) - 1 : named;
}

for (const id of ["back", "out", "next", "step"]) find(id).onclick = moves[id];
find("slider").max = steps.length;
find("slider").oninput = (event) => go(Number(event.target.value) - 1);
find("source").onclick = (event) => {
  const line = event.target.closest(".row.ran")?.dataset.line;
  if (line && getSelection().isCollapsed) goToLine(Number(line));
};
addEventListener("keydown", (event) => {
  const move = keys[event.key];
  if (!move || event.ctrlKey || event.metaKey || event.altKey || event.target.id === "slider") return;
  event.preventDefault();
  moves[move]();
});
addEventListener("hashchange", () => go(fromHash()));

find("on-the-tape").hidden = !steps.some((step) => step.tape);
find("on-paper").hidden = !steps.some((step) => step.printed);
if (matchMedia("(max-width: 760px)").matches) find("about").open = false;
go(fromHash());
