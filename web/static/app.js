// Loads the scripts of the desk.
import "./live.js";
import "./times.js";
import "./toast.js";
import "./menus.js";
import "./copy.js";
import "./panel.js";
import "./selection.js";
import "./board.js";
import "./notify.js";
import "./keys.js";
import "./tables.js";
import "./chart.js";
