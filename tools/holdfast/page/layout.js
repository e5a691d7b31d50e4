// ---- rows ------------------------------------------------------------------------------------
// A process has threads, a thread has lanes.  A descriptor's number has a lane of its own in each
// thread that opened it, so that the eye learns where 5 is; where numbers are many, as the
// quarantine makes them, and other handles share lanes.  A copy lies in the first thread of its
// process: no other came over.

const PROCESS_HEIGHT = 24, THREAD_HEIGHT = 19, LANE_HEIGHT = 16;
const NUMBERS_APART = 12; // numbers of a thread that always have lanes of their own
const sortsInOrder = ["descriptor", "stream", "directory"];
const folded = new Set();
let isByNumber = false; // lanes are never shared by numbers
let rows = [];
let rowsHeight = 0;

function homeOf(life) {
  if (life.copyOf < 0 && life.openedThread?.process === life.process)
    return life.openedThread;
  if (life.copyOf < 0 && life.closedThread?.process === life.process)
    return life.closedThread;
  return life.process.threads[0] ?? null;
}

function byTypeAndValue(a, b) {
  const order = type => (sortsInOrder.indexOf(type) + 4) % 4;
  return order(a.type) - order(b.type) || (a.type < b.type ? -1 : a.type > b.type ? 1 : 0) ||
    (typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : 0) || a.order - b.order;
}

// The first of these lanes that is free at that time.
function freeLane(lanes, life, isShared) {
  let lane = lanes.find(each => each.until <= life.start);
  if (!lane) {
    lane = {kind: "lane", type: life.type, value: life.value, isShared, lives: [], until: 0, order: lanes.length};
    lanes.push(lane);
  }
  return lane;
}

// What was found of it afterwards lies in its lane, too.
function lastOf(life) {
  return (life.findings ?? []).reduce((last, finding) => Math.max(last, finding.time), Math.max(life.end, life.start + 1));
}

function lanesBy(list, keyOf) {
  const groups = new Map();
  for (const life of list) {
    const key = keyOf(life);
    if (!groups.has(key))
      groups.set(key, []);
    const lane = freeLane(groups.get(key), life, key === life.type);
    lane.lives.push(life);
    lane.until = lastOf(life);
    life.lane = lane;
  }
  return [...groups.values()].flat();
}

function lanesOf(list) {
  list.sort((a, b) => a.start - b.start || a.number - b.number);
  const isFew = new Set(list.filter(life => life.type === "descriptor").map(life => life.value)).size <= NUMBERS_APART;
  const lanes = lanesBy(list, life => (isFew || isByNumber) && life.type === "descriptor" ? life.value : life.type);
  return lanes.sort(byTypeAndValue);
}

function addRow(row, height) {
  row.y = rowsHeight;
  row.height = height;
  row.head = row.kind === "process" ? row : rows.at(-1).head;
  rowsHeight += height;
  rows.push(row);
}

function addThread(process, thread, list, marks) {
  addRow({kind: "thread", process, thread, marks}, THREAD_HEIGHT);
  for (const lane of lanesOf(list))
    addRow(lane, LANE_HEIGHT);
}

// `shown`: the lives and findings that the search left.
function layOut(shown) {
  const homes = new Map();
  const place = (process, thread) => {
    const key = `${process.number} ${thread ? thread.number : -1}`;
    if (!homes.has(key))
      homes.set(key, {process, thread, lives: [], marks: []});
    return homes.get(key);
  };
  for (const life of lives)
    life.lane = null;
  for (const life of shown.lives)
    place(life.process, homeOf(life)).lives.push(life);
  for (const finding of shown.findings)
    if (!finding.life || !shown.hasLife(finding.life))
      place(finding.process, finding.thread).marks.push(finding);
  rows = [];
  rowsHeight = 0;
  let current = null;
  const inOrder = [...homes.values()].sort((a, b) =>
    a.process.number - b.process.number || (a.thread?.number ?? -1) - (b.thread?.number ?? -1));
  for (const home of inOrder) {
    if (home.process !== current)
      addRow({kind: "process", process: home.process}, PROCESS_HEIGHT);
    current = home.process;
    if (!folded.has(current))
      addThread(home.process, home.thread, home.lives, home.marks);
  }
}

function rowAt(y) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].y + rows[middle].height <= y)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The first life of a lane that ends at or behind a time: they do not overlap.
function lifeAt(lane, time) {
  let low = 0, high = lane.lives.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lane.lives[middle].end < time)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
