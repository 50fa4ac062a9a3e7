// Ages and what is left of the reply window, said anew every second without asking the server.
const units = document.documentElement.dataset.units.split("|");
const MINUTE = 60, HOUR = 3600, DAY = 86400;

const ago = (seconds) =>
  seconds < MINUTE ? `${seconds}${units[0]}`
  : seconds < HOUR ? `${Math.floor(seconds / MINUTE)}${units[1]}`
  : seconds < DAY ? `${Math.floor(seconds / HOUR)}${units[2]}`
  : `${Math.floor(seconds / DAY)}${units[3]}`;

const left = (seconds) => {
  const hours = Math.floor(seconds / HOUR), minutes = Math.floor((seconds % HOUR) / MINUTE);
  return hours ? `${hours}${units[2]} ${minutes}${units[1]}` : `${minutes}${units[1]}`;
};

const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

export const sayTimes = (root = document) => {
  const now = Date.now();
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const at = Date.parse(time.dateTime);
    say(time, Number.isNaN(at) ? "" : ago(Math.max(0, Math.floor((now - at) / 1000))));
  }
  for (const time of root.querySelectorAll("time[data-left]")) {
    const seconds = Math.floor((Date.parse(time.dateTime) - now) / 1000);
    say(time, seconds > 0 ? left(seconds) : "–");
    time.className = seconds <= 0 ? "over" : seconds < 3 * HOUR ? "soon" : "";
  }
};

sayTimes();
setInterval(sayTimes, 1000);
document.addEventListener("htmx:after:swap", () => sayTimes());
