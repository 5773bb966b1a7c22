/**
 * Shows and reads times in the reader's time zone, on every page. Without this script they are in UTC and marked as
 * such. Other scripts use its formats.
 */
(() => {
  // uPlot formats numbers in the language of the browser. Some report a name that is none, such as en-US@posix.
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en' });
  }

  const two = (number) => String(number).padStart(2, '0');

  /** Formats a time in the reader's zone: `2026-11-26 14:10`. */
  function local(date) {
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
  }

  /** Formats a duration as `duration` of format.ts does. */
  function duration(total) {
    if (total < 0) return `−${duration(-total)}`;
    const [d, h] = [Math.floor(total / 86_400), Math.floor((total % 86_400) / 3600)];
    const [m, s] = [Math.floor((total % 3600) / 60), Math.floor(total % 60)];
    const days = `${d.toLocaleString('en')}d`;
    if (d > 0) return h > 0 ? `${days} ${h}h` : days;
    if (h > 0) return m > 0 ? `${h}h ${m}m` : `${h}h`;
    if (m > 0) return s > 0 ? `${m}m ${s}s` : `${m}m`;
    return `${s}s`;
  }

  window.formatting = { duration };

  for (const element of document.querySelectorAll('time[datetime]')) {
    const date = new Date(element.dateTime);
    element.textContent = local(date);
    element.title = date.toString();
  }

  for (const input of document.querySelectorAll('input[type="datetime-local"]')) {
    if (input.value !== '') {
      const date = new Date(`${input.value}Z`);
      const seconds = date.getSeconds() === 0 ? '' : `:${two(date.getSeconds())}`;
      input.value = `${local(date).replace(' ', 'T')}${seconds}`;
    }
    const label = input.closest('label')?.querySelector('span');
    if (label) label.textContent = label.textContent.replace(' (UTC)', '');
  }

  /** Sends the times of a form as Unix seconds, and leaves empty ones out. */
  document.addEventListener('formdata', ({ target, formData }) => {
    for (const input of target.querySelectorAll('input[type="datetime-local"]')) {
      if (input.value === '') continue;
      formData.set(input.name, String(Math.floor(new Date(input.value).getTime() / 1000)));
    }
  });
})();
