// Updates ages, waiting times and the rest of the reply window every second, without requests.
const { units: said, closed, now: justNow } = document.documentElement.dataset;
const units = said.split("|");
const MINUTE = 60, HOUR = 3600, DAY = 86400, SOON = 4 * HOUR;

const ago = (seconds) =>
  seconds < MINUTE ? `${seconds}${units[0]}`
  : seconds < HOUR ? `${Math.floor(seconds / MINUTE)}${units[1]}`
  : seconds < DAY ? `${Math.floor(seconds / HOUR)}${units[2]}`
  : `${Math.floor(seconds / DAY)}${units[3]}`;

// 2 h 10: waiting times of hours show minutes too.
const exactly = (seconds) => {
  const hours = Math.floor(seconds / HOUR), minutes = Math.floor((seconds % HOUR) / MINUTE);
  return seconds < HOUR || hours >= 24 ? ago(seconds) : `${hours}${units[2]} ${minutes}${units[1]}`;
};

const say = (element, text) => {
  const whole = element.dataset.words && text ? element.dataset.words.replace("·", text) : text;
  if (element.textContent !== whole) element.textContent = whole;
};

const sayAgo = (element, seconds, how) => say(element, seconds >= MINUTE ? how(seconds) : justNow);

export const sayTimes = (root = document) => {
  const now = Date.now();
  const since = (element) => Math.max(0, Math.floor((now - Date.parse(element.dateTime)) / 1000));
  for (const time of root.querySelectorAll("time[data-ago]")) if (time.dateTime) sayAgo(time, since(time), ago);
  for (const time of root.querySelectorAll("time[data-waits]")) {
    if (!time.dateTime) continue;
    const seconds = since(time);
    sayAgo(time, seconds, exactly);
    time.className = seconds < 5 * MINUTE ? "calm" : seconds < HOUR ? "soon" : "late";
  }
  for (const time of root.querySelectorAll("time[data-left]")) {
    const seconds = Math.floor((Date.parse(time.dateTime) - now) / 1000);
    say(time, seconds <= 0 ? closed : seconds < SOON ? exactly(seconds) : "");
    time.className = seconds <= 0 ? "over" : seconds < SOON ? "soon" : "";
  }
};

sayTimes();
setInterval(sayTimes, 1000);
document.addEventListener("htmx:after:swap", () => sayTimes());
