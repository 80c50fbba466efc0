// "Save this view": what is saved is the list as its address says it now (filters change it without a new page).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form instanceof HTMLFormElement && "view" in form.dataset) form.elements.query.value = location.search.slice(1);
}, true);
