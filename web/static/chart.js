// The operators' chart: how late each stage was in the last ten minutes.
const box = document.getElementById("chart");

const draw = async () => {
  const { at, series } = await (await fetch("/ops/lag.json")).json();
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const strokes = ["--accent", "--warm", "--hot"].map(colour);
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const options = {
    width: box.clientWidth, height: 220, legend: { live: true },
    series: [{ label: box.dataset.time, value: "{HH}:{mm}:{ss}" }, ...series.map(({ label }, i) => ({ label, stroke: strokes[i], width: 2, spanGaps: true, value: (_, v) => v === null ? "–" : `${v.toPrecision(2)} s`, points: { show: false } }))],
    axes: [{ ...axis, incrs: [60, 120, 300], values: [[1, "{HH}:{mm}", null, null, null, null, null, null, 1]] }, { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => tick === null ? "" : `${tick} s`) }],
    scales: { y: { distr: 3 } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), box.dataset.zone),
  };
  const data = [at, ...series.map(({ values }) => values)];
  if (!box.chart) box.chart = new uPlot(options, data, box); else box.chart.setData(data);
};

if (box) {
  draw();
  setInterval(() => { if (!document.hidden) draw().catch(() => {}); }, 5000);
  new ResizeObserver(() => box.chart?.setSize({ width: box.clientWidth, height: 220 })).observe(box);
}
