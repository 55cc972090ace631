/**
 * Makes tabs of a `role="tablist"` whose tabs name their panels in `aria-controls`: arrow keys, Home and End move
 * between them, as the ARIA practices have it. A panel that several elements share is named by its class: `aria-
 * controls` is a list.
 *
 * @param onShow called with the id of the first panel when it is shown
 */
export function makeTabs(list, onShow = () => {}) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const panelsOf = (tab) => tab.getAttribute('aria-controls').split(' ').map((id) => document.getElementById(id));
  const select = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      for (const panel of panelsOf(tab)) panel.hidden = tab !== chosen;
    }
    onShow(panelsOf(chosen)[0].id);
  };
  list.addEventListener('click', ({ target }) => {
    const tab = target.closest('[role="tab"]');
    if (tab) select(tab);
  });
  list.addEventListener('keydown', (event) => {
    const index = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined || index < 0) return;
    event.preventDefault();
    const tab = tabs.at(next % tabs.length);
    tab.focus();
    select(tab);
  });
  select(tabs[0]);
}
