// What the pages need beyond TypeDoc's own script: the index of the search on demand, the keyboard, and names for those
// who do not see the page.

(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  /** The index is most of what a page would weigh, and most readers never search. */
  const index = byId('tsd-search-script');
  const load = () => {
    if (index?.dataset.src && !index.src) index.src = index.dataset.src;
  };
  const trigger = byId('tsd-search-trigger');
  for (const event of ['click', 'focus', 'pointerenter', 'touchstart'])
    trigger?.addEventListener(event, load, { passive: true });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' || (event.key === 'k' && (event.ctrlKey || event.metaKey))) load();
  });

  /** An option of a list box holds no link: going there is what choosing it does. */
  const results = byId('tsd-search-results');
  if (results !== null)
    new MutationObserver(() => {
      for (const link of results.querySelectorAll('a[href]')) {
        const target = link.href;
        link.removeAttribute('href');
        link.removeAttribute('tabindex');
        link.addEventListener('click', (event) => {
          if (event.ctrlKey || event.metaKey) open(target);
          else location.assign(target);
        });
      }
    }).observe(results, { childList: true });

  /** In the navigation a module is folded and unfolded by its name; its own page is the first entry below. */
  const navigation = byId('tsd-nav-container');
  if (navigation !== null) {
    const part = () => {
      for (const link of navigation.querySelectorAll('summary > a')) {
        const summary = link.parentElement;
        const name = document.createElement('span');
        name.textContent = link.textContent;
        const item = document.createElement('li');
        summary.parentElement.querySelector('ul')?.prepend(item);
        summary.append(...[...link.querySelectorAll('svg')].map((icon) => icon.cloneNode(true)), name);
        link.textContent = 'Overview';
        item.append(link);
      }
    };
    new MutationObserver(part).observe(navigation, { childList: true });
    part();
  }

  /** What scrolls by itself must be reached by the keyboard, and what does not must be no stop on the way. */
  const stop = (part) => {
    const wide = part.scrollWidth > part.clientWidth + 1;
    if (!wide) {
      for (const name of ['tabindex', 'role', 'aria-label']) part.removeAttribute(name);
      return;
    }
    part.tabIndex = 0;
    part.setAttribute('role', 'group');
    const kind = part.matches('.site-table') ? 'Table' : part.matches('.site-drawing') ? 'Diagram' : 'Code';
    part.setAttribute('aria-label', `${kind}, scrolls`);
  };
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) stop(target);
  });
  for (const part of document.querySelectorAll('.site-table, .site-drawing, pre > code, .tsd-signature'))
    watcher.observe(part);

  /** TypeDoc unfolds the hierarchy by a click on a word. */
  for (const word of document.querySelectorAll('.tsd-hierarchy-toggle')) {
    word.tabIndex = 0;
    word.setAttribute('role', 'button');
    word.addEventListener('keydown', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      word.click();
    });
  }

  /** The menu of a phone is a link by its markup, a button by what it does, and listens to the mouse alone. */
  const menu = byId('tsd-toolbar-menu-trigger');
  if (menu !== null) {
    const isOpen = () => root.classList.contains('has-menu');
    /** TypeDoc opens it when the mouse goes up on it, and closes it when the mouse goes down elsewhere. */
    const unfold = () => menu.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
    const fold = () => document.body.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    const tell = () => menu.setAttribute('aria-expanded', String(isOpen()));
    menu.setAttribute('role', 'button');
    new MutationObserver(tell).observe(root, { attributeFilter: ['class'] });
    tell();
    menu.addEventListener('keydown', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      unfold();
      document.querySelector('.col-sidebar a, .col-sidebar summary')?.focus();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !isOpen()) return;
      fold();
      menu.focus();
    });
  }
})();
