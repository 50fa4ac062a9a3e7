// What every page of the desk does: keeps its live parts fresh, says times, and tells what came of a click.
import "./live.js";
import "./times.js";
import "./toast.js";
import "./panel.js";
import "./keys.js";
import "./chart.js";
