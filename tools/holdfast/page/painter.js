// ---- painting --------------------------------------------------------------------------------
// Only what is in view is painted, and of lives that would lie on the same pixel only one.

const RULER = 24, GUTTER = 132;
const stage = byId("stage"), canvas = byId("timeline"), overview = byId("overview");
const view = {from: 0, to: traceEnd, width: 0, height: 0};
let colours = {};
let chosen = {life: null, finding: null};
let pointer = null; // {x, y} over the timeline
let byFinding = false;

const colourNames = ["ground", "panel", "ink", "dim", "line", "soft", "accent", "chosen", "bad", "on-bar", "file",
  "device", "pipe", "socket", "event", "stream", "directory", "other"];

function takeColours() {
  const style = getComputedStyle(document.documentElement);
  colours = Object.fromEntries(colourNames.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
}

const xOf = time => GUTTER + (time - view.from) / (view.to - view.from) * (view.width - GUTTER);
const timeAt = x => view.from + (x - GUTTER) / Math.max(1, view.width - GUTTER) * (view.to - view.from);

function sharpen(target, width, height) {
  const ratio = window.devicePixelRatio || 1;
  target.width = Math.round(width * ratio);
  target.height = Math.round(height * ratio);
  const brush = target.getContext("2d");
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  brush.textBaseline = "middle";
  return brush;
}

// A text that ends where there is no more room.
function write(brush, text, x, y, room) {
  if (room < 12)
    return;
  let shownText = text;
  const width = brush.measureText(text).width;
  if (width > room) {
    const keep = Math.floor(text.length * room / width) - 1;
    if (keep < 2)
      return;
    shownText = text.slice(0, keep) + "…";
  }
  brush.fillText(shownText, x, y);
}

function tickStep() {
  const wanted = (view.to - view.from) / Math.max(1, (view.width - GUTTER) / 110);
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= wanted) ?? power * 10;
}

function paintRuler(brush) {
  const step = tickStep();
  brush.fillStyle = colours.panel;
  brush.fillRect(0, 0, view.width, RULER);
  for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
    const x = Math.round(xOf(time)) + 0.5;
    brush.fillStyle = colours.line;
    brush.fillRect(x, RULER - 6, 1, view.height);
    brush.fillStyle = colours.dim;
    brush.fillText(moment(time, step), x + 3, RULER / 2 - 1);
  }
  brush.fillStyle = colours.panel;
  brush.fillRect(0, 0, GUTTER, RULER);
  brush.fillStyle = colours.dim;
  brush.fillText(`${span(view.to - view.from)} in view`, 9, RULER / 2);
  brush.fillStyle = colours.line;
  brush.fillRect(0, RULER - 1, view.width, 1);
}

function diamond(brush, x, y, size) {
  brush.beginPath();
  brush.moveTo(x, y - size);
  brush.lineTo(x + size, y);
  brush.lineTo(x, y + size);
  brush.lineTo(x - size, y);
  brush.closePath();
}

function paintFinding(brush, finding, y) {
  const x = xOf(finding.time);
  if (x < GUTTER - 6 || x > view.width + 6)
    return;
  diamond(brush, x, y, finding === chosen.finding ? 6.5 : 5);
  brush.fillStyle = colours.bad;
  brush.fill();
  brush.lineWidth = finding === chosen.finding ? 2 : 1;
  brush.strokeStyle = finding === chosen.finding ? colours.ink : colours.panel;
  brush.stroke();
}

// From a life's end to what was found of its number afterwards.
function paintTail(brush, life, y) {
  const from = Math.max(GUTTER, xOf(life.end)), to = Math.min(view.width, xOf(lastOf(life)));
  if (to > from) {
    brush.strokeStyle = colours.bad;
    brush.lineWidth = 1;
    brush.setLineDash([3, 3]);
    brush.beginPath();
    brush.moveTo(from, y);
    brush.lineTo(to, y);
    brush.stroke();
    brush.setLineDash([]);
  }
}

function colourOf(life) {
  if (byFinding)
    return life.findings ? colours.bad : colours.line;
  return colours[life.sort];
}

// How it ends: a cap where it was closed; where it never was, it runs out.
function paintEnd(brush, life, x, y, width) {
  if (life.isClosed && width > 5) {
    brush.fillStyle = colours.ink;
    brush.fillRect(x + width - 2, y, 2, LANE_HEIGHT - 4);
  } else if (!life.isClosed && width > 14) {
    brush.fillStyle = colours.ground;
    for (let i = 0; i < 3; i++)
      brush.fillRect(x + width - 10 + i * 4, y, 2, LANE_HEIGHT - 4);
  }
}

function paintLife(brush, life, top) {
  const right = xOf(life.end), left = xOf(life.start);
  const x = Math.max(left, GUTTER - 3), width = Math.max(2, Math.min(right, view.width + 20) - x);
  const y = top + 1, height = LANE_HEIGHT - 4;
  brush.globalAlpha = life.copyOf >= 0 ? 0.5 : 1;
  brush.fillStyle = colourOf(life);
  brush.fillRect(x, y, width, height);
  brush.globalAlpha = 1;
  if (right <= view.width)
    paintEnd(brush, life, x, y, width);
  if (width > 24) {
    const inside = Math.max(x, GUTTER);
    brush.fillStyle = life.copyOf >= 0 || (byFinding && !life.findings) ? colours.ink : colours["on-bar"];
    const number = typeof life.value === "number" && life.lane.isShared ? `${life.value}  ` : "";
    write(brush, number + (life.label || life.openedWith), inside + 4, y + height / 2 + 0.5, x + width - inside - 8);
  }
  if (life.findings && !byFinding) {
    brush.fillStyle = colours.bad;
    brush.fillRect(x, y + height, width, 2);
  }
  if (life === chosen.life) {
    brush.strokeStyle = colours.accent;
    brush.lineWidth = 2;
    brush.strokeRect(x - 1, y - 1, width + 2, height + 2);
  }
}

function paintLane(brush, lane, top) {
  let lastPixel = -1;
  brush.fillStyle = colours.line;
  brush.globalAlpha = 0.45;
  brush.fillRect(GUTTER, top + LANE_HEIGHT - 1, view.width, 1);
  brush.globalAlpha = 1;
  for (const life of lane.blamed ??= lane.lives.filter(life => life.findings))
    paintTail(brush, life, top + LANE_HEIGHT / 2 - 1);
  for (let i = lifeAt(lane, view.from); i < lane.lives.length; i++) {
    const life = lane.lives[i];
    if (life.start > view.to)
      break;
    const pixel = Math.floor(xOf(life.end));
    if (pixel <= lastPixel && !life.findings && life !== chosen.life)
      continue;
    paintLife(brush, life, top);
    lastPixel = pixel;
  }
  for (const life of lane.blamed)
    for (const finding of life.findings)
      paintFinding(brush, finding, top + LANE_HEIGHT / 2 - 1);
}

function paintGutter(brush, row, top) {
  const middle = top + row.height / 2;
  if (row.kind === "lane") {
    brush.textAlign = "right";
    brush.fillStyle = colours.dim;
    write(brush, !row.isShared ? String(row.value) : row.order === 0 ? plural(row.type) : "", GUTTER - 9, middle + 0.5, GUTTER - 30);
    brush.textAlign = "left";
  } else if (row.kind === "thread") {
    brush.fillStyle = colours.dim;
    write(brush, row.thread ? `thread ${threadTitle(row.thread)}` : "thread not known", 18, middle, view.width - 30);
  } else {
    const {process} = row;
    brush.fillStyle = colours.soft;
    brush.fillRect(0, top, view.width, row.height);
    brush.fillStyle = colours.ink;
    write(brush, `${folded.has(process) ? "▸" : "▾"} ${process.id}${process.forked ? ", forked" : ""}: ${process.command}`,
      8, middle + 0.5, view.width - 20);
  }
}

function paintProcessEnds(brush, row, top) {
  brush.fillStyle = colours.dim;
  for (const time of [row.process.began, row.process.ended])
    if (time >= view.from && time <= view.to)
      brush.fillRect(Math.round(xOf(time)), top + row.height - 5, 1, 5);
}

// The process of the topmost row, if its own row is out of view: it stays at the top.
function headInView() {
  const head = rows[rowAt(stage.scrollTop)]?.head;
  return head && head.y < stage.scrollTop ? head : null;
}

function paintRows(brush) {
  const top = stage.scrollTop;
  for (let i = rowAt(top); i < rows.length && rows[i].y - top < view.height - RULER; i++) {
    const row = rows[i], y = RULER + row.y - top;
    brush.save();
    brush.beginPath();
    brush.rect(GUTTER, y, view.width, row.height);
    brush.clip();
    if (row.kind === "lane")
      paintLane(brush, row, y);
    for (const finding of row.marks ?? [])
      paintFinding(brush, finding, y + row.height / 2);
    brush.restore();
    paintGutter(brush, row, y);
    if (row.kind === "process")
      paintProcessEnds(brush, row, y);
  }
  const head = headInView();
  if (head)
    paintGutter(brush, head, RULER);
}

function paintPointer(brush) {
  if (!pointer || pointer.x < GUTTER)
    return;
  const label = moment(timeAt(pointer.x), (view.to - view.from) / 2000);
  const room = brush.measureText(label).width + 10;
  const x = Math.min(pointer.x, view.width - room);
  brush.fillStyle = colours.dim;
  brush.fillRect(Math.round(pointer.x), RULER, 1, view.height);
  brush.fillStyle = colours.ink;
  brush.fillRect(x, 2, room, RULER - 6);
  brush.fillStyle = colours.panel;
  brush.fillText(label, x + 5, RULER / 2 - 0.5);
}

function measure() {
  view.width = stage.clientWidth;
  view.height = stage.clientHeight;
}

function paintTimeline() {
  measure();
  canvas.style.height = `${view.height}px`;
  byId("spacer").style.height = `${Math.max(0, rowsHeight + RULER + 12 - view.height)}px`;
  const brush = sharpen(canvas, view.width, view.height);
  brush.fillStyle = colours.ground;
  brush.fillRect(0, 0, view.width, view.height);
  paintRuler(brush);
  brush.save();
  brush.beginPath();
  brush.rect(0, RULER, view.width, view.height);
  brush.clip();
  paintRows(brush);
  if (rows.length === 0) {
    brush.fillStyle = colours.dim;
    write(brush, lives.length ? "nothing fits the search" : "no lives are recorded", GUTTER, RULER + 24, view.width);
  }
  brush.restore();
  paintPointer(brush);
}

// How many lives were open at once, at most.
function mostOpen() {
  const starts = Float64Array.from(shown.lives, life => life.start).sort();
  const ends = Float64Array.from(shown.lives, life => life.end).sort();
  let most = 0;
  for (let i = 0, ended = 0; i < starts.length; i++) {
    while (ends[ended] <= starts[i])
      ended++;
    most = Math.max(most, i + 1 - ended);
  }
  return most;
}

// How many lives there are at each pixel of the whole.
function openAlong(width) {
  const change = new Float64Array(width + 2);
  for (const life of shown.lives) {
    change[Math.floor(life.start / traceEnd * (width - 1))]++;
    change[Math.min(width, Math.floor(life.end / traceEnd * (width - 1)) + 1)]--;
  }
  for (let i = 1; i < width; i++)
    change[i] += change[i - 1];
  return change.subarray(0, width);
}

let along = null; // of what is shown, at this width

function paintOverview() {
  const width = overview.clientWidth, height = overview.clientHeight, room = width - GUTTER;
  const brush = sharpen(overview, width, height);
  brush.fillStyle = colours.panel;
  brush.fillRect(0, 0, width, height);
  if (room < 10)
    return;
  if (along?.pixels.length !== room)
    along = {pixels: openAlong(room), most: mostOpen()};
  const {pixels} = along, highest = pixels.reduce((a, b) => Math.max(a, b), 1);
  brush.fillStyle = colours.file;
  for (let i = 0; i < room; i++)
    brush.fillRect(GUTTER + i, height - 3, 1, -pixels[i] / highest * (height - 13));
  brush.fillStyle = colours.bad;
  for (const finding of shown.findings)
    brush.fillRect(Math.round(GUTTER + finding.time / traceEnd * (room - 1)) - 1, 2, 2, 7);
  brush.fillStyle = colours.dim;
  brush.fillText(`at most ${along.most.toLocaleString("en")} open`, 9, height / 2);
  const left = GUTTER + view.from / traceEnd * room, right = GUTTER + view.to / traceEnd * room;
  brush.globalAlpha = 0.12;
  brush.fillStyle = colours.ink;
  brush.fillRect(GUTTER, 0, left - GUTTER, height);
  brush.fillRect(right, 0, width - right, height);
  brush.globalAlpha = 1;
  brush.strokeStyle = colours.accent;
  brush.lineWidth = 1;
  brush.strokeRect(left + 0.5, 0.5, Math.max(2, right - left - 1), height - 1);
}

let isAsked = false;

function paint() {
  if (isAsked)
    return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    paintTimeline();
    paintOverview();
  });
}
