// What TypeDoc's script leaves out: a menu that closes, a button for the colours, and search results without nested controls.

(() => {
  const root = document.documentElement;

  // The menu of a phone. TypeDoc's is a link that only opens it; this is a button that does both.
  const link = document.getElementById('tsd-toolbar-menu-trigger');
  const menu = document.createElement('button');
  menu.type = 'button';
  menu.id = link.id;
  menu.className = link.className;
  menu.append(...link.childNodes);
  menu.setAttribute('aria-label', 'Menu');
  link.replaceWith(menu);
  const toggle = (open) => {
    root.classList.toggle('has-menu', open);
    menu.setAttribute('aria-expanded', String(open));
  };
  const isOpen = () => root.classList.contains('has-menu');
  toggle(false);
  menu.addEventListener('click', () => {
    toggle(!isOpen());
    if (isOpen()) document.querySelector('.col-sidebar :is(a, summary)')?.focus();
  });
  document.querySelector('.overlay').addEventListener('click', () => toggle(false));
  document.querySelector('.col-sidebar').addEventListener('click', ({ target }) => {
    if (target.closest('a')) toggle(false);
  });
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || !isOpen()) return;
    toggle(false);
    menu.focus();
  });

  // Light or dark: TypeDoc keeps the choice in the settings, which are folded on a desk and in the menu on a phone.
  const choice = document.getElementById('tsd-theme');
  const dark = () =>
    choice.value === 'os' ? matchMedia('(prefers-color-scheme: dark)').matches : choice.value === 'dark';
  const theme = document.createElement('button');
  theme.type = 'button';
  theme.id = 'site-theme';
  theme.className = 'tsd-widget';
  theme.textContent = '◐';
  theme.title = 'Light or dark';
  theme.setAttribute('aria-label', 'Light or dark');
  theme.addEventListener('click', () => {
    choice.value = dark() ? 'light' : 'dark';
    choice.dispatchEvent(new Event('change'));
  });
  menu.before(theme);

  // An option of a list box holds no link: going there is what choosing it does.
  new MutationObserver(([{ target }]) => {
    for (const result of target.querySelectorAll('a[href]')) {
      result.dataset.target = result.href;
      result.removeAttribute('href');
      result.removeAttribute('tabindex');
      result.addEventListener('click', () => location.assign(result.dataset.target));
    }
  }).observe(document.getElementById('tsd-search-results'), { childList: true });
})();
