// A link marked data-dialog opens its page's main part over this one; without this module it is simply a page.
async function open(link) {
  const answer = await fetch(link.href, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = page.querySelector("[data-dialog-body]");
  if (!answer.ok || !body) return window.location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", body.querySelector("h1, h2")?.id ?? "");
  dialog.append(body);
  const back = body.querySelector("[data-dialog-close]");
  back?.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  document.body.append(dialog);
  dialog.showModal();
}

export function openDialogs(root) {
  if (!("HTMLDialogElement" in window)) return;
  for (const link of root.querySelectorAll("a[data-dialog]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(link).catch(() => window.location.assign(link.href));
    });
  }
}
