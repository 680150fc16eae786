// A region marked data-progress="<path of this page's part>" is replaced by the server's own markup until it is finished.
const PAUSE = 1500;

async function refresh(region) {
  const answer = await fetch(region.dataset.progress, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (!fresh) return window.location.reload();
  const finished = !fresh.dataset.progress;
  region.replaceWith(fresh);
  if (finished) return window.location.reload();
  follow(fresh);
}

function follow(region) {
  const again = () => refresh(region).catch(() => setTimeout(again, PAUSE * 4));
  setTimeout(again, PAUSE);
}

export function followProgress(root) {
  root.querySelectorAll("[data-progress]").forEach(follow);
}
