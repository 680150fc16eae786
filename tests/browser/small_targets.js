// The visible links, buttons and fields that are too small for a thumb, each with its size: a function of the least
// size in CSS pixels. A link inside a running sentence is as high as its line (WCAG 2.5.8, exception "inline"):
// words of the same sentence stand before or after it. A link after a full stop is a target of its own.
(least) => {
  const ENDS = /[。！？：:›·、，]$/;
  const text = (block, edit) => {
    const range = document.createRange();
    range.selectNodeContents(block);
    edit(range);
    return range.toString().trim();
  };
  const runsOn = (link) => {
    const block = link.closest("p, li, dd, dt, td, th, h1, h2, h3, label, summary, figcaption, div");
    if (getComputedStyle(link).display !== "inline") return false;
    const before = text(block, (range) => range.setEndBefore(link));
    const after = text(block, (range) => range.setStartAfter(link));
    return (before !== "" && !ENDS.test(before)) || /^[^›·、\s]/.test(after);
  };
  // A tick box is touched by its label, a link around a picture by the picture.
  const touched = (each) => (/^(checkbox|radio)$/.test(each.type) && each.closest("label")) || each.querySelector("img") || each;
  return [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => !each.closest(".hidden-words, .skip:not(:focus)") && !(each.matches("a") && runsOn(each)))
    .map((each) => [each, touched(each).getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && box.bottom > 0 && box.right > 0)
    .filter(([, box]) => box.height < least - 0.5 || box.width < least - 0.5)
    .map(([each, box]) => {
      const name = (each.textContent || each.name || each.id).trim().replace(/\s+/g, " ").slice(0, 30);
      return `${each.tagName} ${name} ${box.width.toFixed(0)} × ${box.height.toFixed(0)}`;
    });
}
