// ---- findings at the side, the page's head, and its legend -----------------------------------

const FINDINGS_LISTED = 3000;

function findingItem(finding) {
  return make("li", null, make("button", {"data-finding": finding.number, onclick: () => choose({finding})},
    make("span", {class: "when"}, moment(finding.time)), make("span", {class: "kind"}, finding.kind),
    make("span", {class: "sentence"}, finding.message),
    make("span", {class: "where mono"}, finding.blamed ? top(finding.blamed.stack) : ""),
    processes.length > 1 ? make("span", {class: "where"}, ` · process ${finding.process.id}`) : null));
}

function listFindings() {
  const listed = shown.findings.slice(0, FINDINGS_LISTED);
  const rest = shown.findings.length - listed.length;
  byId("findings").replaceChildren(...listed.map(findingItem),
    ...rest ? [make("li", {class: "empty"}, `${count(rest, "more finding")}: search to see them`)] : [],
    ...listed.length ? [] : [make("li", {class: "empty"}, findings.length ? "no finding fits the search" : "no findings")]);
  byId("matches").textContent = shown.lives.length === lives.length && shown.findings.length === findings.length ? ""
    : `${shown.lives.length.toLocaleString("en")} of ${count(lives.length, "life", "lives")}, ` +
      `${shown.findings.length.toLocaleString("en")} of ${count(findings.length, "finding")}`;
}

function listKinds() {
  const counts = new Map();
  for (const finding of findings)
    counts.set(finding.kind, (counts.get(finding.kind) ?? 0) + 1);
  byId("kinds").replaceChildren(...[...counts].map(([kind, number]) => make("button", {"aria-pressed": "true",
    onclick: event => {
      const isOn = hiddenKinds.delete(kind) || !hiddenKinds.add(kind);
      event.currentTarget.setAttribute("aria-pressed", String(isOn));
      renew();
    }}, `${kind} ${number.toLocaleString("en")}`)));
}

function listFacts() {
  const {trace} = raw;
  document.title = `Holdfast: ${trace.command || trace.path}`;
  byId("command").textContent = trace.command || trace.path;
  byId("facts").textContent = [count(findings.length, "finding"), count(lives.length, "life", "lives"),
    count(processes.length, "process", "processes"), span(trace.ns),
    trace.started_ms ? new Date(trace.started_ms).toISOString().slice(0, 16).replace("T", " ") + " UTC" : ""]
    .filter(part => part).join(" · ");
}

function listWarnings() {
  const {trace} = raw;
  const parts = [[trace.dropped, "found no room in the trace"], [trace.unfinished, "were left unfinished"],
    [trace.damaged, "make no sense"]].filter(([number]) => number)
    .map(([number, what]) => `${count(number, "record")} ${what}`);
  for (const [number, what] of [[trace.bytes_skipped, "hold no records"], [trace.bytes_missing, "are missing at the end"]])
    if (number)
      parts.push(`${count(number, "byte")} ${what}`);
  if (!trace.has_events && trace.ns > 0)
    parts.push("it has findings only, without the opens and closes");
  byId("warnings").hidden = parts.length === 0;
  byId("warnings").textContent = parts.length ? `Of this trace ${parts.join("; ")}.` : "";
}

function listLegend() {
  const present = new Set(lives.map(life => life.sort));
  const mark = (colour, text) => make("span", null, make("i", {style: `background: var(--${colour})`}), text);
  const names = {file: "file", device: "device", pipe: "pipe", socket: "socket", event: "event", stream: "stream",
    directory: "directory", other: "other"};
  byId("legend").replaceChildren(
    ...Object.keys(names).filter(name => present.has(name)).map(name => mark(name, names[name])),
    findings.length ? mark("bad", "finding") : "", "ends in a line: closed; in stripes: never closed; pale: copied by fork",
    make("span", {class: "last"}),
    toggle("a row for each number", isOn => {
      isByNumber = isOn;
      layOut(shown);
    }),
    toggle("colour by finding", isOn => {
      byFinding = isOn;
    }));
}

function toggle(text, change) {
  return make("label", null, make("input", {type: "checkbox", onchange: event => {
    change(event.target.checked);
    paint();
  }}), ` ${text}`);
}

// For printing: each finding with its stacks.
function fillPaper() {
  byId("paper").replaceChildren(...shown.findings.slice(0, 200).map(finding => make("article", null, findingParts(finding))),
    shown.findings.length > 200 ? `… and ${count(shown.findings.length - 200, "more finding")}` : "");
}
