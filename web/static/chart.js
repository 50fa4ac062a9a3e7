// The operators' chart: how late each stage was, and when alarms stood. Points of a day and a week are the worst of their time.
const box = document.getElementById("chart");
const list = document.getElementById("incidents");
const buttons = [...document.querySelectorAll("[data-range]")];
const HEIGHT = 240;
let range = "hour";

const clock = (seconds) => new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: box.dataset.zone, dateStyle: "short", timeStyle: "short" }).format(new Date(seconds * 1000));

// Alarms as bands behind the curves.
const bands = (chart) => {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.fillStyle = box.style.getPropertyValue("--band");
  for (const { begin, end } of chart.incidents ?? []) {
    const from = Math.max(chart.valToPos(begin, "x", true), bbox.left);
    const to = Math.min(end === null ? bbox.left + bbox.width : chart.valToPos(end, "x", true), bbox.left + bbox.width);
    if (to >= bbox.left) ctx.fillRect(from, bbox.top, Math.max(to - from, 2), bbox.height);
  }
  ctx.restore();
};

const tell = (incidents) => {
  list.replaceChildren(...(incidents.length ? incidents : [null]).map((one) => {
    const line = document.createElement("li");
    line.textContent = one ? `${clock(one.begin)} – ${one.end === null ? list.dataset.stands : clock(one.end)}: ${one.name}` : list.dataset.none;
    return line;
  }));
};

const draw = async () => {
  const asked = range;
  const { at, series, incidents } = await (await fetch(`/ops/lag.json?range=${asked}`)).json();
  if (asked !== range) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const strokes = ["--accent", "--warm", "--hot"].map(colour);
  box.style.setProperty("--band", colour("--hot-bg"));
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const options = {
    width: box.clientWidth, height: HEIGHT, legend: { live: true },
    series: [{ label: box.dataset.time, value: (_, v) => v === null ? "–" : clock(v) }, ...series.map(({ label }, i) => ({ label, stroke: strokes[i], width: 2, spanGaps: true, value: (_, v) => v === null ? "–" : `${v.toPrecision(2)} s`, points: { show: false } }))],
    axes: [{ ...axis, space: 70, values: [[86400, "{D}.{M}.", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", null, null, null, null, null, null, 1]] }, { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => tick === null ? "" : `${tick} s`) }],
    scales: { y: { distr: 3 } },
    hooks: { drawClear: [bands] },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), box.dataset.zone),
  };
  const data = [at, ...series.map(({ values }) => values)];
  tell(incidents);
  box.chart ??= new uPlot(options, data, box);
  box.chart.incidents = incidents;
  box.chart.setData(data);
};

const choose = (button) => {
  range = button.dataset.range;
  for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
  draw();
};

if (box) {
  draw();
  for (const button of buttons) button.addEventListener("click", () => choose(button));
  setInterval(() => { if (!document.hidden) draw().catch(() => {}); }, 5000);
  new ResizeObserver(() => box.chart?.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
}
