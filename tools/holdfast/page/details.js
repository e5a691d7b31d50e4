// ---- details ---------------------------------------------------------------------------------

const HISTORY_SHOWN = 60;

function meta(...pairs) {
  return make("p", {class: "meta"}, pairs.filter(([, value]) => value).flatMap(([name, value], i) =>
    [i ? " · " : null, `${name} `, make("b", null, value)]));
}

// The rows around the one that is chosen, and a way to all of them.
function historyTable(life, whole = false) {
  const list = numbers.get(numberOf(life));
  const at = list.indexOf(life);
  const from = whole ? 0 : Math.max(0, Math.min(at - HISTORY_SHOWN / 2, list.length - HISTORY_SHOWN));
  const part = whole ? list : list.slice(from, from + HISTORY_SHOWN);
  const table = make("table", {class: "history"},
    make("thead", null, make("tr", null, ["opened", "lasted", "what", "opened by", "closed by", "findings"]
      .map(name => make("th", {scope: "col"}, name)))),
    make("tbody", null, part.map(each => historyRow(each, each === life))));
  const rest = list.length - part.length;
  return make("div", null, table, rest === 0 ? null : make("button", {class: "link", onclick: event =>
    event.target.parentElement.replaceWith(historyTable(life, true))}, `show ${count(rest, "more life", "more lives")}`));
}

function historyRow(life, isCurrent) {
  return make("tr", {"aria-current": isCurrent ? "true" : null, onclick: () => choose({life})},
    make("td", {class: "time"}, make("button", {class: "mono"}, moment(life.start))),
    make("td", {class: "time"}, life.isClosed ? span(life.end - life.start) : "open"),
    make("td", null, life.label || life.openedWith),
    make("td", null, life.copyOf >= 0 ? "parent process, by fork" : top(life.openedStack) || life.openedWith),
    make("td", null, life.isClosed ? top(life.closedStack) || life.closedWith : ""),
    make("td", null, (life.findings ?? []).map(finding => make("button", {class: "mono kind", onclick: event => {
      event.stopPropagation();
      choose({finding});
    }}, `${finding.kind} `))));
}

function historyOf(life) {
  const lifeCount = numbers.get(numberOf(life)).length;
  return [make("h3", null, `${life.type} ${life.value} in process ${life.process.id}: ${count(lifeCount, "life", "lives")}`),
    historyTable(life)];
}

function notesOf(life) {
  return life.notes ? [make("h3", null, "became known"), make("ul", {class: "notes"},
    life.notes.map(note => make("li", null, `${moment(note.time)}: ${note.text}`)))] : [];
}

function findingParts(finding) {
  const {process, moments} = finding;
  const role = finding.role ? `${finding.role}: ` : "the other: ";
  return [make("h2", null, make("span", {class: "kind"}, finding.kind), ": ", finding.message),
    make("p", {class: "advice"}, finding.advice),
    meta(["after", moment(finding.time)], ["process", `${process.id}: ${process.command}`],
      ["handles", finding.handles > 1 ? String(finding.handles) : ""],
      ["handle", finding.life?.handle]),
    make("div", {class: "stacks"},
      momentCard(finding.operation ? `this call of ${finding.operation}` : "now", moments[NOW], true),
      momentCard(`inside ${finding.holding || "a call"}`, moments[HOLDER]),
      momentCard("closed before", moments[CLOSED_BEFORE]), momentCard("opened", moments[OPENED]),
      momentCard(`${role}opened`, moments[OTHER_OPENED]), momentCard(`${role}closed`, moments[OTHER_CLOSED]))];
}

function showFinding(finding) {
  const about = [finding.life, finding.other].filter(life => life);
  byId("details").replaceChildren(...findingParts(finding), ...about.flatMap(notesOf), ...about.flatMap(historyOf));
}

function showLife(life) {
  const by = thread => thread ? threadTitle(thread) : "";
  const origin = life.copyOf >= 0 ? "came from its parent process by fork"
    : life.isUnseen ? "was opened before the trace tells of it" : "";
  byId("details").replaceChildren(
    make("h2", null, titleOf(life)),
    meta(["process", `${life.process.id}: ${life.process.command}`],
      ["opened after", `${moment(life.opened)}${life.openedWith ? ` with ${life.openedWith}` : ""}`],
      ["", life.isBorrowed ? "borrowed" : ""], ["", origin],
      [endOf(life), life.isClosed ? `after ${moment(life.closed)}${life.closedWith ? ` with ${life.closedWith}` : ""}` : " "],
      ["lasted", span(life.end - life.start)], ["handle", life.handle]),
    ...(life.findings ?? []).map(finding => make("p", {class: "meta"}, make("button", {class: "link", onclick: () =>
      choose({finding})}, make("span", {class: "kind"}, finding.kind), `: ${finding.message}`))),
    make("div", {class: "stacks"}, life.isUnseen ? null : stackCard("opened", by(life.openedThread), life.openedStack),
      life.isClosed ? stackCard(endOf(life), by(life.closedThread), life.closedStack) : null),
    ...notesOf(life), ...historyOf(life));
}

function showNothing() {
  byId("details").replaceChildren(make("p", {class: "meta"},
    lives.length + findings.length === 0 ? "The trace tells of nothing that was opened or closed."
      : "Choose a finding at the side, or a life in the timeline, to see its stacks and its number's history."));
}
