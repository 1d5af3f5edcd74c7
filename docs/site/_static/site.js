// What scrolls sideways can be reached, and then scrolled, by keyboard.
function reachable() {
  document.querySelectorAll("pre, .output, .cell_output, .table-wrapper, .math-wrapper").forEach(function (box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}
document.querySelector(".sidebar-drawer").setAttribute("aria-label", "Pages");
document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
addEventListener("load", function () {
  reachable();
  window.MathJax?.startup.promise.then(reachable);
});
addEventListener("resize", reachable);
document.addEventListener("toggle", reachable, true);
// furo's two switches are labels; this lets the keyboard press them
document.querySelectorAll("label.toc-overlay-icon, label.nav-overlay-icon").forEach(function (label) {
  label.tabIndex = 0;
  label.setAttribute("role", "button");
  label.setAttribute("aria-label", label.htmlFor === "__toc" ? "On this page" : "Pages");
  label.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    label.click();
  });
});
