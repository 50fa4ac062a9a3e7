// The overview's chart: new leads by week, stacked by temperature. It draws the table below it, which stays for all readers.
const table = document.getElementById("weeks");
const box = document.getElementById("weeks-chart");
const COLOURS = ["--hot", "--warm", "--cool", "--soft"];
const HEIGHT = 200;

const numbers = (row) => [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent));

const drawWeeks = () => {
  const weeks = [...table.tBodies[0].rows];
  if (!weeks.length) { box.hidden = true; return; }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const names = [...table.tHead.querySelectorAll("th")].slice(1).map((cell) => cell.textContent);
  const rows = weeks.map(numbers);
  // uPlot draws each bar from zero: what is below is drawn last, over the sums of it and all above.
  const sums = names.map((_, i) => rows.map((row) => row.slice(i).reduce((sum, leads) => sum + leads, 0)));
  const paths = uPlot.paths.bars({ size: [0.6, 60] });
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const chart = new uPlot({
    width: box.clientWidth, height: HEIGHT, cursor: { show: false }, legend: { show: true, live: false },
    scales: { x: { time: false, range: [-0.6, weeks.length - 0.4] }, y: { range: (_, least, most) => [0, Math.max(most, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, splits: () => weeks.map((_, i) => i), values: (_, at) => at.map((i) => weeks[i]?.cells[0].textContent.slice(5)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
    ],
    series: [{}, ...names.map((label, i) => ({ label, paths, fill: colour(COLOURS[i]), stroke: colour(COLOURS[i]), points: { show: false } }))],
  }, [weeks.map((_, i) => i), ...sums], box);
  new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
};

if (table && box) drawWeeks();
