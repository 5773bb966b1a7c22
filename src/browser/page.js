/** For every page: times in the reader's zone. Without it they are in UTC, and say so. */
(() => {
  const two = (number) => String(number).padStart(2, '0');

  /** `2026-11-26 14:10` in the reader's zone. */
  function local(date) {
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
  }

  for (const element of document.querySelectorAll('time[datetime]')) {
    const date = new Date(element.dateTime);
    element.textContent = local(date);
    element.title = date.toString();
  }
})();
