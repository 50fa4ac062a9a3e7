// What every page of the desk does: keeps its live parts fresh, says times, and tells what came of a click.
import "./live.js";
import "./times.js";
import "./toast.js";
import "./menus.js";
import "./copy.js";
import "./panel.js";
import "./picked.js";
import "./board.js";
import "./notify.js";
import "./keys.js";
import "./tables.js";
import "./chart.js";
