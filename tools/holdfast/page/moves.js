// ---- moving about ----------------------------------------------------------------------------

const SPAN_LEAST = 50; // ns

function show(from, to) {
  const room = traceEnd * 0.02;
  const length = Math.min(Math.max(to - from, SPAN_LEAST), traceEnd + 2 * room);
  view.from = Math.max(-room, Math.min(from, traceEnd + room - length));
  view.to = view.from + length;
  paint();
}

const showAll = () => show(-traceEnd * 0.02, traceEnd * 1.02);

function zoom(factor, x = (GUTTER + view.width) / 2) {
  const time = timeAt(x), length = (view.to - view.from) * factor;
  show(time - length * (time - view.from) / (view.to - view.from), time + length * (view.to - time) / (view.to - view.from));
}

const slide = part => show(view.from + (view.to - view.from) * part, view.to + (view.to - view.from) * part);

// What is chosen, with some room around; `closely`: as large as it gets.
function reveal(closely = false) {
  const {life, finding} = chosen;
  const from = Math.min(life?.start ?? Infinity, finding?.time ?? Infinity);
  const to = Math.max(life?.end ?? -Infinity, finding?.time ?? -Infinity);
  if (from > to)
    return;
  const around = Math.max((to - from) * 0.3, 500);
  const point = finding?.time ?? from;
  if (closely)
    show(from - around, to + around);
  else if (point < view.from || point > view.to)
    show(point - (view.to - view.from) / 2, point + (view.to - view.from) / 2);
  const row = life?.lane ?? rows.find(each => each.kind === "thread" && each.marks.includes(finding));
  if (row && (row.y < stage.scrollTop + PROCESS_HEIGHT || row.y + row.height > stage.scrollTop + view.height - RULER))
    stage.scrollTop = row.y - view.height / 3;
}

// What lies there: {row, life, finding}
function hit(x, y) {
  const head = y < RULER + PROCESS_HEIGHT ? headInView() : null;
  const row = head ?? rows[rowAt(y - RULER + stage.scrollTop)];
  if (!row || y < RULER)
    return {};
  const near = list => x < GUTTER ? undefined : list.find(finding => Math.abs(xOf(finding.time) - x) <= 6);
  if (row.kind !== "lane")
    return {row, finding: near(row.marks ?? [])};
  const finding = near((row.blamed ?? []).flatMap(life => life.findings));
  const life = row.lives.slice(lifeAt(row, timeAt(x - 3))).find((each, i, rest) =>
    xOf(each.start) <= x + 3 && (i + 1 >= rest.length || xOf(rest[i + 1].start) > x || xOf(each.end) >= x));
  return {row, finding, life: x < GUTTER ? undefined : life};
}

function tell(x, y, of) {
  const tip = byId("tip");
  tip.hidden = !of.life && !of.finding;
  if (tip.hidden)
    return;
  const lines = of.finding ? [of.finding.kind, of.finding.message, moment(of.finding.time)]
    : [titleOf(of.life), `${span(of.life.end - of.life.start)}, ${endOf(of.life)}`, top(of.life.openedStack)];
  tip.replaceChildren(make("b", null, lines[0]), ...lines.slice(1).filter(line => line).flatMap(line =>
    [make("br"), make("span", null, line)]));
  tip.style.left = `${Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > window.innerHeight ? y - tip.offsetHeight - 10 : y + 18}px`;
}

function click(x, y) {
  const {row, life, finding} = hit(x, y);
  if (finding)
    choose({finding});
  else if (life)
    choose({life});
  else if (row?.kind === "process") {
    if (!folded.delete(row.process))
      folded.add(row.process);
    layOut(shown);
    paint();
  }
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  return {x: event.clientX - box.left, y: event.clientY - box.top};
}

let drag = null;

canvas.addEventListener("pointerdown", event => {
  drag = {...at(event), from: view.from, to: view.to, top: stage.scrollTop, moved: false};
  canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener("pointermove", event => {
  pointer = at(event);
  if (drag) {
    const x = pointer.x - drag.x, y = pointer.y - drag.y;
    drag.moved ||= Math.abs(x) + Math.abs(y) > 4;
    if (drag.moved) {
      const time = -x / Math.max(1, view.width - GUTTER) * (drag.to - drag.from);
      show(drag.from + time, drag.to + time);
      stage.scrollTop = drag.top - y;
    }
    byId("tip").hidden = true;
    canvas.style.cursor = "grabbing";
    return;
  }
  const of = hit(pointer.x, pointer.y);
  canvas.style.cursor = of.life || of.finding || of.row?.kind === "process" ? "pointer" : "default";
  tell(event.clientX, event.clientY, of);
  paint();
});

canvas.addEventListener("pointerup", event => {
  if (drag && !drag.moved)
    click(at(event).x, at(event).y);
  drag = null;
});

canvas.addEventListener("pointerleave", () => {
  pointer = null;
  byId("tip").hidden = true;
  paint();
});

stage.addEventListener("wheel", event => {
  const {x, y} = at(event);
  if (event.ctrlKey || event.metaKey || y < RULER) {
    event.preventDefault();
    zoom(1.0022 ** event.deltaY, Math.max(x, GUTTER));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    slide((event.deltaX || event.deltaY) / Math.max(1, view.width));
  }
}, {passive: false});

stage.addEventListener("scroll", paint);

// On the overview: a part is drawn up, or the view is moved to a point.
let selection = null;
const overviewTime = event =>
  (event.clientX - overview.getBoundingClientRect().left - GUTTER) / Math.max(1, overview.clientWidth - GUTTER) * traceEnd;

overview.addEventListener("pointerdown", event => {
  selection = {time: overviewTime(event), x: event.clientX};
  overview.setPointerCapture(event.pointerId);
});

overview.addEventListener("pointermove", event => {
  const time = overviewTime(event);
  if (selection && Math.abs(event.clientX - selection.x) > 4)
    show(Math.min(time, selection.time), Math.max(time, selection.time));
});

overview.addEventListener("pointerup", event => {
  const half = (view.to - view.from) / 2;
  if (selection && Math.abs(event.clientX - selection.x) <= 4)
    show(selection.time - half, selection.time + half);
  selection = null;
});

overview.addEventListener("wheel", event => {
  event.preventDefault();
  zoom(1.0022 ** event.deltaY);
}, {passive: false});

// The height of the details.
const splitter = byId("splitter");
const setHeight = pixels => {
  byId("details").style.height = `${Math.max(40, Math.min(pixels, byId("view").clientHeight - 180))}px`;
  paint();
};
splitter.addEventListener("pointerdown", event => splitter.setPointerCapture(event.pointerId));
splitter.addEventListener("pointermove", event => {
  if (event.buttons)
    setHeight(byId("view").getBoundingClientRect().bottom - event.clientY);
});
splitter.addEventListener("keydown", event => {
  const by = {ArrowUp: 30, ArrowDown: -30}[event.key];
  if (by)
    setHeight(byId("details").clientHeight + by);
});
