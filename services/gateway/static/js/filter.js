// An input marked data-filter="<id of a list>" hides the list's entries that do not contain what is typed, and says how many are left.
export function filterLists(root) {
  for (const input of root.querySelectorAll("input[data-filter]")) {
    const list = root.getElementById(input.dataset.filter);
    if (!list) continue;
    const entries = [...list.querySelectorAll("[data-words]")];
    const status = root.getElementById(`${input.dataset.filter}-count`);
    input.closest("[hidden]")?.removeAttribute("hidden");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let left = 0;
      for (const entry of entries) {
        entry.hidden = !entry.dataset.words.toLowerCase().includes(wanted);
        left += entry.hidden ? 0 : 1;
      }
      if (status) status.textContent = status.dataset.text.replace("{n}", left);
    });
  }
}
