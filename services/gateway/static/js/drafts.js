// Forms marked data-draft="<name>" keep what was typed on this device until they are sent. Passwords, PINs and files are never kept.
const secret = (field) => ["password", "file", "hidden"].includes(field.type) || field.autocomplete === "off";

function typed(form) {
  const fields = [...form.elements].filter((field) => field.name && !secret(field));
  return fields.map((field) => [field.name, field.type === "radio" || field.type === "checkbox" ? [field.value, field.checked] : field.value]);
}

function refill(form, draft) {
  for (const [name, value] of draft) {
    const fields = [...form.elements].filter((field) => field.name === name && !secret(field));
    if (Array.isArray(value)) fields.filter((field) => field.value === value[0]).forEach((field) => { field.checked = value[1]; });
    else if (fields[0] && !fields[0].value) fields[0].value = value;
  }
}

export function keepDrafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    const key = `draft:${form.dataset.draft}`;
    try {
      const kept = localStorage.getItem(key);
      if (kept && !form.querySelector(".has-error")) refill(form, JSON.parse(kept));
      form.addEventListener("input", () => localStorage.setItem(key, JSON.stringify(typed(form))));
    } catch { /* A browser that keeps nothing still sends the form. */ }
  }
  const sent = root.querySelector("[data-draft-sent]");
  if (sent) try { localStorage.removeItem(`draft:${sent.dataset.draftSent}`); } catch { /* nothing was kept */ }
}
